"""SPDX 2.2 and 2.3: packages, relationships and annotations to what they say.

Source: spdx.github.io/spdx-spec/v2.3, "spdx-schema.json".
"""

from __future__ import annotations

import json
import re

import msgspec

from secure.errors import LimitExceededError
from secure.facts.bom import Bom, Component, Subject
from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.oci.limits import Limits
from secure.scan.sbom_in.described import Described, package_of, release_of

_NOTHING = frozenset({"", "NONE", "NOASSERTION"})
_DOCUMENT = "SPDXRef-DOCUMENT"
_WHOLE = "all was read"  # in our documents; the form has no place for it
_NO_PACKAGES = frozenset({"CONTAINER", "OPERATING-SYSTEM"})
_ACTOR = re.compile(r"(?:Person|Organization|Tool): *([^(]*?) *(?:\(([^)]*)\))?")
# trivy writes these as annotations or attribution texts "KEY: VALUE".
_KEY_VALUE = re.compile(r"([A-Z][A-Za-z]{2,20}): (.+)")


class Checksum(msgspec.Struct, frozen=True, rename="camel"):
    algorithm: str = ""
    checksum_value: str = ""


class External(msgspec.Struct, frozen=True, rename="camel"):
    reference_category: str = ""
    reference_type: str = ""
    reference_locator: str = ""


class Annotation(msgspec.Struct, frozen=True):
    comment: str = ""


class Extracted(msgspec.Struct, frozen=True, rename="camel"):
    license_id: str = ""
    extracted_text: str = ""
    name: str = ""


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """A package."""

    ref: str = msgspec.field(default="", name="SPDXID")
    name: str = ""
    version_info: str = ""
    supplier: str = ""
    originator: str = ""
    homepage: str = ""
    source_info: str = ""
    license_declared: str = ""
    license_concluded: str = ""
    license_comments: str = ""
    primary_package_purpose: str = ""
    description: str = ""
    package_file_name: str = ""
    checksums: list[Checksum] = []
    external_refs: list[External] = []
    annotations: list[Annotation] = []
    attribution_texts: list[str] = []


class Relation(msgspec.Struct, frozen=True, rename="camel"):
    spdx_element_id: str = ""
    related_spdx_element: str = ""
    relationship_type: str = ""


class Creation(msgspec.Struct, frozen=True):
    created: str = ""
    creators: list[str] = []
    comment: str = ""


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """The document, as far as it is read."""

    spdx_version: str
    name: str = ""
    document_namespace: str = ""
    creation_info: Creation = Creation()
    packages: list[Item] = []
    relationships: list[Relation] = []
    annotations: list[Annotation] = []
    document_describes: list[str] = []
    has_extracted_licensing_infos: list[Extracted] = []


def bom_of(document: Document, form: str, limits: Limits) -> Bom:
    """What the document says.

    Args:
        form: "JSON", "YAML" or "tag-value", for the name of the form.

    Raises:
        LimitExceededError: more packages than a document may have.
    """
    if len(document.packages) > limits.sbom_components:
        bound = f"{limits.sbom_components} components"
        raise LimitExceededError("sbom_components", "the SBOM", bound)
    needs, described = _graph(document)
    subject = _subject(document, described)
    layers = {text: index for index, text in enumerate(subject.all("secure:layer:diffID"))}
    texts = {one.license_id: one.name or one.extracted_text
             for one in document.has_extracted_licensing_infos}  # fmt: skip
    components, wrong, seen = [], [], set()
    for item in document.packages:
        if item.ref in seen:
            wrong.append(f'the SPDXID "{item.ref[:200]}" is given twice')
        seen.add(item.ref)
        if not _is_package(item, item.ref in described):
            continue
        component, fault = _component(item, needs, layers, texts)
        components.append(component)
        wrong += [fault] if fault else []
    lost = sorted({ref for found in needs.values() for ref in found} - seen)
    wrong += [f'a relationship leads to "{ref[:200]}", which is not there' for ref in lost[:100]]
    told = [text for one in document.annotations for text in _pairs([one]).values()]
    creation = document.creation_info
    return Bom(
        form=f"{document.spdx_version.replace('-', ' ')} {form}",
        identity=document.document_namespace,
        created=creation.created,
        authors=tuple(_actor(one) for one in creation.creators if not one.startswith("Tool:")),
        tools=tuple(_actor(one) for one in creation.creators if one.startswith("Tool:")),
        context=creation.comment.partition(",")[0] if "SBOM type" in creation.comment else "",
        subject=subject,
        components=tuple(components),
        os_release=_os_release(document),
        unreadable=tuple(Unreadable("", 0, why) for why in [*told, *wrong]),
        complete=False if told else True if creation.comment.endswith(_WHOLE) else None,
    )


def _is_package(item: Item, described: bool) -> bool:
    """Not the image, not the distribution, and not the files that a scanner lists beside them."""
    purpose = item.primary_package_purpose.replace("_", "-")
    if purpose in _NO_PACKAGES:
        return False
    if _locator(item, "purl"):
        return True
    told = dict(_trivy(item)) | _pairs(item.annotations)
    return not (described or purpose == "FILE" or "aquasecurity:trivy:Class" in told)


def _component(
    item: Item, needs: dict[str, tuple[str, ...]], layers: dict[str, int], texts: dict[str, str]
) -> tuple[Component, str]:
    properties = tuple(_pairs(item.annotations).items()) + _trivy(item)
    supplier = item.supplier if item.supplier not in _NOTHING else item.originator
    found = item.license_comments.removeprefix("found in files: ")
    package, fault = package_of(
        Described(
            name=item.name,
            version=item.version_info,
            purl=_locator(item, "purl"),
            cpe=_locator(item, "cpe23Type"),
            supplier="" if supplier in _NOTHING else _actor(supplier),
            homepage="" if item.homepage in _NOTHING else item.homepage,
            licences=_licences(item.license_declared, texts),
            licences_found=_licences(found, texts) if found != item.license_comments else (),
            hashes=tuple((one.algorithm, one.checksum_value) for one in item.checksums),
            properties=properties,
            source_text=item.source_info,
        ),
        layers,
    )
    told = tuple(one.reference_locator for one in item.external_refs)
    if item.package_file_name:
        properties += (("bsi:component:filename", item.package_file_name),)
    return Component(item.ref, package, needs.get(item.ref), told, properties), fault


def _graph(document: Document) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """What each package needs, and what the document is about."""
    found: dict[str, list[str]] = {}
    unknown: set[str] = set()
    described = set(document.document_describes)
    for one in document.relationships:
        left, right, kind = one.spdx_element_id, one.related_spdx_element, one.relationship_type
        if kind == "DESCRIBES" and left == _DOCUMENT:
            described.add(right)
        elif kind == "DEPENDENCY_OF":
            found.setdefault(right, []).append(left)
        elif kind == "DEPENDS_ON" and right == "NOASSERTION":
            unknown.add(left)
        elif kind == "DEPENDS_ON":
            found.setdefault(left, []).extend([] if right == "NONE" else [right])
    return {ref: tuple(to) for ref, to in found.items() if to or ref not in unknown}, described


def _subject(document: Document, described: set[str]) -> Subject:
    for item in document.packages:
        if item.ref in described:
            sums = (one.checksum_value for one in item.checksums if one.algorithm == "SHA256")
            digest = next((f"sha256:{text}" for text in sums), "")
            pairs = [pair for one in item.annotations for pair in _pairs([one]).items()]
            return Subject(item.name, digest, tuple(pairs))
    return Subject(document.name)


def _os_release(document: Document) -> OsRelease | None:
    for item in document.packages:
        if item.primary_package_purpose.replace("_", "-") == "OPERATING-SYSTEM":
            told = _pairs(item.annotations)
            return release_of(item.name, item.version_info, item.description, told)
    return None


def _pairs(annotations: list[Annotation]) -> dict[str, str]:
    """The properties in our annotations; what others annotate is their text."""
    made: dict[str, str] = {}
    for one in annotations:
        if one.comment.startswith('{"secure:'):
            try:
                made |= msgspec.convert(json.loads(one.comment), dict[str, str])
            except (ValueError, RecursionError):
                continue  # a text that only looks like ours
        elif found := _KEY_VALUE.fullmatch(one.comment):
            made[f"aquasecurity:trivy:{found[1]}"] = found[2]
    return made


def _trivy(item: Item) -> tuple[tuple[str, str], ...]:
    found = (_KEY_VALUE.fullmatch(text) for text in item.attribution_texts)
    return tuple((f"aquasecurity:trivy:{one[1]}", one[2]) for one in found if one)


def _locator(item: Item, kind: str) -> str:
    found = (one for one in item.external_refs if one.reference_type == kind)
    return next((one.reference_locator for one in found), "")


def _licences(expression: str, texts: dict[str, str]) -> tuple[str, ...]:
    if expression in _NOTHING:
        return ()
    # A single reference is put back to the text it stands for; inside an expression it stays.
    return (texts.get(expression, expression),)


def _actor(text: str) -> str:
    """`Person: NAME (EMAIL)` as NAME <EMAIL>."""
    found = _ACTOR.fullmatch(text)
    if not found:
        return text
    return f"{found[1]} <{found[2]}>" if found[2] else found[1]
