"""SPDX 3.0 JSON-LD: elements and relationships to what they say.

Source: spdx.github.io/spdx-spec/v3.0.1. Read as the flat form that the specification's context
gives: `@graph` with elements by `spdxId`; no context is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.errors import LimitExceededError
from secure.facts.bom import Bom, Component, Subject
from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.oci.limits import Limits
from secure.scan.sbom_in.described import Described, package_of, release_of

_NO_PACKAGES = frozenset({"container", "operatingSystem"})


class Sum(msgspec.Struct, frozen=True, rename="camel"):
    algorithm: str = ""
    hash_value: str = ""


class Identifier(msgspec.Struct, frozen=True, rename="camel"):
    external_identifier_type: str = ""
    identifier: str = ""


class Entry(msgspec.Struct, frozen=True):
    name: str = msgspec.field(default="", name="extension_cdxPropName")
    value: str = msgspec.field(default="", name="extension_cdxPropValue")


class Extension(msgspec.Struct, frozen=True):
    entries: list[Entry] = msgspec.field(default_factory=list, name="extension_cdxProperty")


class Element(msgspec.Struct, frozen=True, rename="camel"):
    """Any element, as far as it is read."""

    type: str = ""
    spdx_id: str = ""
    ld_id: str = msgspec.field(default="", name="@id")
    name: str = ""
    description: str = ""
    spec_version: str = ""
    created: str = ""
    comment: str = ""
    created_by: list[str] = []
    created_using: list[str] = []
    root_element: list[str] = []
    left: str = msgspec.field(default="", name="from")
    to: list[str] = []
    relationship_type: str = ""
    completeness: str = ""
    supplied_by: str = ""
    verified_using: list[Sum] = []
    external_identifier: list[Identifier] = []
    extension: list[Extension] = []
    version: str = msgspec.field(default="", name="software_packageVersion")
    purl: str = msgspec.field(default="", name="software_packageUrl")
    home_page: str = msgspec.field(default="", name="software_homePage")
    source_info: str = msgspec.field(default="", name="software_sourceInfo")
    purpose: str = msgspec.field(default="", name="software_primaryPurpose")
    sbom_type: list[str] = msgspec.field(default_factory=list, name="software_sbomType")
    expression: str = msgspec.field(default="", name="simplelicensing_licenseExpression")


class Document(msgspec.Struct, frozen=True):
    graph: list[Element] = msgspec.field(name="@graph")


def bom_of(document: Document, limits: Limits) -> Bom:
    """What the document says.

    Raises:
        LimitExceededError: more elements than a document may have.
    """
    # A package has its licence, graph and supplier as elements of their own.
    if len(document.graph) > 8 * limits.sbom_components:
        bound = f"{limits.sbom_components} components"
        raise LimitExceededError("sbom_components", "the SBOM", bound)
    graph = _Graph(document.graph)
    top = next(graph.of_type("SpdxDocument"), Element())
    sbom = next(graph.of_type("software_Sbom"), Element())
    creation = next(graph.of_type("CreationInfo"), Element())
    root = graph.by_id.get(next(iter(sbom.root_element), ""), Element())
    subject = _subject(root)
    layers = {text: index for index, text in enumerate(subject.all("secure:layer:diffID"))}
    components, wrong = [], list(graph.wrong)
    for one in graph.of_type("software_Package"):
        if one.purpose in _NO_PACKAGES:
            continue
        component, fault = _component(one, graph, layers)
        components.append(component)
        wrong += [fault] if fault else []
    told = [text for name, text in _properties(top) if name == "secure:unreadable"]
    whole = graph.completeness.get(root.spdx_id, "")
    return Bom(
        form=f"SPDX {creation.spec_version} JSON-LD",
        identity=top.spdx_id,
        created=creation.created,
        authors=tuple(graph.actor(ref) for ref in creation.created_by),
        tools=tuple(graph.actor(ref) for ref in creation.created_using),
        context=" ".join(sbom.sbom_type),
        subject=subject,
        components=tuple(components),
        os_release=_os_release(graph),
        unreadable=tuple(Unreadable("", 0, why) for why in [*told, *wrong]),
        complete={"complete": True, "incomplete": False}.get(whole),
    )


class _Graph:
    """Elements by identifier, and the relationships that matter here."""

    def __init__(self, elements: list[Element]) -> None:
        self.elements = elements
        self.by_id: dict[str, Element] = {}
        self.wrong: list[str] = []
        self.needs: dict[str, tuple[str, ...]] = {}
        self.licences: dict[str, list[str]] = {}
        self.completeness: dict[str, str] = {}
        for one in elements:
            if one.spdx_id and one.spdx_id in self.by_id:
                self.wrong.append(f'the spdxId "{one.spdx_id[:200]}" is given twice')
            self.by_id.setdefault(one.spdx_id, one)
        for one in elements:
            self._relation(one)

    def _relation(self, one: Element) -> None:
        match one.relationship_type:
            case "dependsOn":
                targets = tuple(ref for ref in one.to if not ref.endswith("Element"))
                if targets or one.completeness != "noAssertion":
                    self.needs[one.left] = self.needs.get(one.left, ()) + targets
                lost = [ref for ref in targets if ref not in self.by_id]
                self.wrong += [f'a relationship leads to "{ref[:200]}"' for ref in lost]
            case "hasDeclaredLicense":
                found = (_licence(self.by_id.get(ref, Element())) for ref in one.to)
                self.licences.setdefault(one.left, []).extend(text for text in found if text)
            case "contains":
                self.completeness.setdefault(one.left, one.completeness)

    def of_type(self, kind: str) -> Iterator[Element]:
        return (one for one in self.elements if one.type == kind)

    def actor(self, ref: str) -> str:
        """Name and addresses of someone."""
        one = self.by_id.get(ref, Element(name=ref))
        addresses = [f"<{found.identifier}>" for found in one.external_identifier]
        return " ".join([one.name, *addresses])


def _component(one: Element, graph: _Graph, layers: dict[str, int]) -> tuple[Component, str]:
    properties = _properties(one)
    identifiers = [found.identifier for found in one.external_identifier]
    purl = one.purl or next((text for text in identifiers if text.startswith("pkg:")), "")
    package, fault = package_of(
        Described(
            name=one.name,
            version=one.version,
            purl=purl,
            cpe=next((text for text in identifiers if text.startswith("cpe:2.3:")), ""),
            supplier=graph.actor(one.supplied_by) if one.supplied_by else "",
            homepage=one.home_page,
            licences=tuple(graph.licences.get(one.spdx_id, ())),
            licences_found=tuple(t for name, t in properties if name == "secure:licence:found"),
            hashes=tuple((found.algorithm, found.hash_value) for found in one.verified_using),
            properties=properties,
            source_text=one.source_info,
        ),
        layers,
    )
    found = tuple(dict.fromkeys(text for text in (purl, *identifiers) if text))
    return Component(one.spdx_id, package, graph.needs.get(one.spdx_id), found, properties), fault


def _licence(one: Element) -> str:
    """The expression; where it is one reference of ours, the text it stands for."""
    ref, colon, text = one.comment.partition(": ")
    return text if colon and ref == one.expression else one.expression


def _properties(one: Element) -> tuple[tuple[str, str], ...]:
    return tuple((entry.name, entry.value) for part in one.extension for entry in part.entries)


def _subject(root: Element) -> Subject:
    sums = (one.hash_value for one in root.verified_using if one.algorithm == "sha256")
    digest = next((f"sha256:{text}" for text in sums), "")
    return Subject(root.name, digest, _properties(root))


def _os_release(graph: _Graph) -> OsRelease | None:
    for one in graph.of_type("software_Package"):
        if one.purpose == "operatingSystem":
            return release_of(one.name, one.version, one.description, dict(_properties(one)))
    return None
