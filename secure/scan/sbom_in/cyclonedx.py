"""CycloneDX 1.2 to 1.7: its components, graph and heads to what they say."""

from __future__ import annotations

from collections.abc import Iterator

from secure.errors import LimitExceededError
from secure.facts.bom import Bom, Component, Subject
from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.oci.limits import Limits
from secure.scan.sbom_in.cyclonedx_fields import Document, Item, LicenceChoice, Metadata, Party
from secure.scan.sbom_in.described import Described, package_of, release_of

_NO_PACKAGES = frozenset({"file", "data", "cryptographic-asset", "container", "operating-system"})


def bom_of(document: Document, form: str, limits: Limits) -> Bom:
    """What the document says.

    Args:
        form: "JSON" or "XML", for the name of the form.

    Raises:
        LimitExceededError: more components than a document may have.
    """
    metadata = document.metadata
    subject = _subject(metadata.component)
    items = list(_flat([*metadata.component.components, *document.components], limits))
    needs, wrong = _graph(document)
    known = {one.ref for one in items} | {metadata.component.ref}
    layers = {text: index for index, text in enumerate(subject.all("secure:layer:diffID"))}
    components = []
    seen: set[str] = set()
    for item in items:
        if item.type in _NO_PACKAGES or _is_a_lock_file(item):
            continue
        if item.ref in seen:
            wrong.append(f'the bom-ref "{item.ref[:200]}" is given twice')
        seen.add(item.ref or f"#{len(seen)}")
        component, fault = _component(item, needs, layers)
        components.append(component)
        wrong += [fault] if fault else []
    lost = sorted({need for found in needs.values() for need in found} - known)
    wrong += [f'a dependency leads to "{ref[:200]}", which is not in the document' for ref in lost]
    return Bom(
        form=f"CycloneDX {document.spec_version} {form}",
        identity=document.serial_number,
        created=metadata.timestamp,
        authors=_authors(metadata),
        tools=_tools(metadata),
        context=" ".join(one.phase or one.name for one in metadata.lifecycles),
        subject=subject,
        components=tuple(components),
        os_release=_os_release(items),
        unreadable=tuple(Unreadable("", 0, why) for why in [*_told(metadata), *wrong]),
        complete=_complete(document),
        vulnerabilities=len(document.vulnerabilities),
    )


def _flat(items: list[Item], limits: Limits) -> Iterator[Item]:
    """All components, those inside others too; without recursion."""
    waiting, count = list(reversed(items)), 0
    while waiting:
        one = waiting.pop()
        count += 1
        if count > limits.sbom_components:
            bound = f"{limits.sbom_components} components"
            raise LimitExceededError("sbom_components", "the SBOM", bound)
        yield one
        waiting += reversed(one.components)


def _is_a_lock_file(item: Item) -> bool:
    """trivy lists the files it read as applications, beside the packages it found in them."""
    return any(one.name == "aquasecurity:trivy:Class" for one in item.properties)


def _component(
    item: Item, needs: dict[str, tuple[str, ...]], layers: dict[str, int]
) -> tuple[Component, str]:
    properties = tuple((one.name, one.value) for one in item.properties)
    homepage = next((one.url for one in item.external_references if one.type == "website"), "")
    path = item.evidence.occurrences[0].location if item.evidence.occurrences else ""
    package, fault = package_of(
        Described(
            name=item.name,
            version=item.version,
            group=item.group,
            purl=item.purl,
            cpe=item.cpe,
            supplier=_supplier(item.supplier) or item.publisher,
            homepage=homepage,
            licences=_licences(item.licenses),
            licences_found=_licences(item.evidence.licenses),
            hashes=tuple((one.alg, one.content) for one in item.hashes),
            path=path,
            properties=properties,
        ),
        layers,
    )
    swid = item.swid.tag_id if item.swid else ""
    found = tuple(text for text in (item.purl, item.cpe, swid) if text)
    return Component(item.ref, package, needs.get(item.ref), found, properties), fault


def _supplier(party: Party) -> str:
    email = next((one.email for one in party.contact if one.email), "")
    return f"{party.name} <{email}>".strip() if email else party.name


def _licences(choices: list[LicenceChoice]) -> tuple[str, ...]:
    texts = (one.expression or one.license.id or one.license.name for one in choices)
    return tuple(text for text in texts if text)


def _subject(item: Item) -> Subject:
    digest = item.version if item.version.startswith("sha256:") else ""
    if not digest:
        sums = (one.content for one in item.hashes if one.alg == "SHA-256")
        digest = next((f"sha256:{text}" for text in sums), "")
    properties = tuple((one.name, one.value) for one in item.properties)
    return Subject(item.name, digest, properties)


def _graph(document: Document) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """What each ref needs, and what is wrong with it. Cycles are allowed: packages need each other.

    A composition that calls the needs of a ref unknown takes the word back.
    """
    needs: dict[str, tuple[str, ...]] = {}
    wrong = []
    for one in document.dependencies:
        if one.ref in needs:
            wrong.append(f'the dependencies of "{one.ref[:200]}" are given twice')
        needs.setdefault(one.ref, tuple(one.depends_on))
    for composition in document.compositions:
        if composition.aggregate in {"unknown", "not_specified"}:
            for ref in composition.dependencies:
                if not needs.get(ref):
                    needs.pop(ref, None)
    return needs, wrong


def _complete(document: Document) -> bool | None:
    """By the composition of the subject's own parts."""
    root = document.metadata.component.ref
    for one in document.compositions:
        if root in one.assemblies:
            return one.aggregate == "complete"
    return None


def _os_release(items: list[Item]) -> OsRelease | None:
    for item in items:
        if item.type == "operating-system":
            told = {one.name: one.value for one in item.properties}
            return release_of(item.name, item.version, item.description, told)
    return None


def _authors(metadata: Metadata) -> tuple[str, ...]:
    parties = [*metadata.authors, metadata.manufacturer, metadata.manufacture]
    made = (" ".join(filter(None, [one.name, one.email, *one.url])) for one in parties)
    return tuple(text for text in made if text)


def _tools(metadata: Metadata) -> tuple[str, ...]:
    tools = metadata.tools
    parties = tools if isinstance(tools, list) else [*tools.components, *tools.services]
    made = (" ".join(filter(None, [one.vendor, one.name, one.version])) for one in parties)
    return tuple(text for text in made if text)


def _told(metadata: Metadata) -> list[str]:
    """What our own documents say could not be read."""
    return [one.value for one in metadata.properties if one.name == "secure:unreadable"]
