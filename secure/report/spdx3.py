"""SPDX 3.0.1 JSON-LD. Source: spdx.github.io/spdx-spec/v3.0.1, profiles core, software, licensing.

One flat graph of elements; what 2.3 nests is an element or a relationship of its own here.
"""

from __future__ import annotations

from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.report.bill import (
    TOOL,
    Author,
    Bill,
    bill_of,
    document_properties,
    graph_is_known,
    image_properties,
    image_purl,
    properties,
    system_properties,
)
from secure.report.bsi import OF_AN_IMAGE, file_properties
from secure.report.json_bytes import indented
from secure.report.sbom_values import is_cpe, is_url
from secure.report.spdx3_graph import (
    CREATION,
    TERMS,
    Graph,
    Json,
    extension,
    hashes,
    identifiers,
    package_url,
)
from secure.report.spdx_terms import Licences, creation_comment, identifier, mailbox

_CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"


def render(facts: ImageFacts, *, timestamp: str, author: Author | None = None) -> bytes:
    """The SBOM of an image: the same facts, timestamp and author give the same bytes."""
    made = document(bill_of(facts, timestamp, author))
    return indented(made, 1)


def document(bill: Bill) -> Json:
    """The document as JSON values, its heads first."""
    facts, graph = bill.facts, Graph(f"urn:uuid:{bill.serial}")
    tool = graph.add("Tool", "tool", {"name": f"{TOOL}-{facts.tool_version}"})
    author = _author(graph, bill)
    image = _image(graph, bill)
    contents = [*_packages(graph, bill), *_system(graph, bill)]
    graph.relate(image, "contains", contents, "complete" if facts.complete else "incomplete")
    _dependencies(graph, bill)
    made = graph.elements
    inside = list(made)
    sbom: Json = {"rootElement": [image], "element": inside, "software_sbomType": ["analyzed"]}
    root = graph.add("software_Sbom", "sbom", sbom)
    head: Json = {
        "name": bill.name,
        "rootElement": [root],
        "element": [*inside, root],
        "profileConformance": ["core", "software", "simpleLicensing"],
    } | extension(document_properties(facts))
    top = graph.add("SpdxDocument", "document", head)
    creation = {
        "type": "CreationInfo",
        "@id": CREATION,
        "specVersion": "3.0.1",
        "created": bill.second,
        "createdBy": [author],
        "createdUsing": [tool],
        "comment": creation_comment(not facts.complete),
    }
    heads = [creation, made.pop(top), made.pop(root)]
    return {"@context": _CONTEXT, "@graph": [*heads, *made.values()]}


def _author(graph: Graph, bill: Bill) -> str:
    """Who answers for the document; without a person, it is the tool."""
    who = bill.author
    if who is None:
        return graph.add("SoftwareAgent", "author", {"name": TOOL})
    kind = "Organization" if who.url else "Person"
    found = identifiers(("urlScheme", who.url), ("email", who.email))
    return graph.add(kind, "author", {"name": who.name} | found)


def _image(graph: Graph, bill: Bill) -> str:
    facts = bill.facts
    digest = facts.digest or facts.config_digest
    algorithm, _, digits = digest.partition(":")
    fields: Json = {"name": bill.name, "software_primaryPurpose": "container"}
    if digest:
        fields["software_packageVersion"] = digest
    fields |= package_url(image_purl(facts)) | hashes(((algorithm, digits),))
    fields |= extension([*OF_AN_IMAGE, *image_properties(facts)])
    return graph.add("software_Package", "image", fields)


def _packages(graph: Graph, bill: Bill) -> list[str]:
    diff_ids = {layer.index: layer.diff_id for layer in bill.facts.layers}
    licences = Licences()
    made = []
    for package, ref in zip(bill.facts.packages, bill.refs, strict=True):
        fields = _package(graph, package, diff_ids)
        spdx_id = graph.add("software_Package", _name(ref), fields)
        _relate_licence(graph, licences, spdx_id, package.licences)
        made.append(spdx_id)
    return made


def _package(graph: Graph, package: Package, diff_ids: dict[int, str]) -> Json:
    pairs = [*file_properties(package), *properties(package, diff_ids)]
    pairs.append(("secure:location:path", "/" + package.location.path))
    pairs += [("secure:licence:found", licence) for licence in package.licences_found]
    fields: Json = {"name": package.name or "unknown"}
    if package.version:
        fields["software_packageVersion"] = package.version
    if package.maintainer:
        name, email = mailbox(package.maintainer)
        found = identifiers(("email", email))
        fields["suppliedBy"] = graph.agent("Agent", package.maintainer, name, found)
    if is_url(package.homepage):
        fields["software_homePage"] = package.homepage
    elif package.homepage:
        pairs.append(("secure:homepage", package.homepage))
    if package.source:
        version = package.source_version or package.version
        fields["software_sourceInfo"] = f"built package from: {package.source} {version}"
    cpe = package.cpe if is_cpe(package.cpe) else ""
    fields |= package_url(package.purl if package.name else "", cpe) | hashes(package.hashes)
    purpose = "application" if package.type == "generic" else "library"
    return fields | {"software_primaryPurpose": purpose} | extension(pairs)


def _system(graph: Graph, bill: Bill) -> list[str]:
    release = bill.facts.os_release
    if release is None:
        return []
    fields: Json = {"name": release.id or release.name or "unknown"}
    if version := release.version_id or release.version_codename:
        fields["software_packageVersion"] = version
    if release.pretty_name:
        fields["description"] = release.pretty_name
    fields["software_primaryPurpose"] = "operatingSystem"
    fields |= extension(system_properties(release))
    return [graph.add("software_Package", "operating-system", fields)]


def _relate_licence(graph: Graph, licences: Licences, spdx_id: str, names: tuple[str, ...]) -> None:
    """Relate a package to its licence; that nothing is known of it is said, too."""
    expression = licences.expression(names)
    if not expression:
        graph.relate(
            spdx_id, "hasDeclaredLicense", [f"{TERMS}/ExpandedLicensing/NoAssertionLicense"]
        )
        return
    fields: Json = {"simplelicensing_licenseExpression": expression}
    texts = [f"{ref}: {text}" for ref, text in licences.texts.items() if ref in expression]
    if texts:
        # What a package calls its licence is all that is known of it.
        fields["comment"] = "; ".join(sorted(texts))
    name = f"licence-{identifier(expression)}"
    licence = graph.add("simplelicensing_LicenseExpression", name, fields)
    graph.relate(spdx_id, "hasDeclaredLicense", [licence])


def _dependencies(graph: Graph, bill: Bill) -> None:
    """What each package needs, and what is not known of it."""
    ids = {ref: graph.id_of(_name(ref)) for ref in bill.refs}
    for package, ref, needs in zip(bill.facts.packages, bill.refs, bill.needs, strict=True):
        known = graph_is_known(package)
        nothing = "NoneElement" if known else "NoAssertionElement"
        targets = [ids[need] for need in needs] or [f"{TERMS}/Core/{nothing}"]
        graph.relate(ids[ref], "dependsOn", targets, "complete" if known else "noAssertion")
        if package.owner in ids and package.owner != ref:
            graph.relate(ids[package.owner], "contains", [ids[ref]])


def _name(ref: str) -> str:
    return f"package-{identifier(ref)}"
