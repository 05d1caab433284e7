"""SPDX 2.3 JSON. Source: spdx.github.io/spdx-spec/v2.3, "spdx-schema.json"."""

from __future__ import annotations

import json

from secure.facts.files import OsRelease
from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.facts.purl import encoded
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
from secure.report.bsi import FILENAME, file_properties
from secure.report.hash_names import known_hashes
from secure.report.json_bytes import indented
from secure.report.sbom_values import is_cpe, is_url
from secure.report.spdx_terms import NOASSERTION, Licences, creation_comment, identifier, mailbox

Json = dict[str, object]

DOCUMENT, IMAGE, SYSTEM = "SPDXRef-DOCUMENT", "SPDXRef-Image", "SPDXRef-OperatingSystem"


def render(facts: ImageFacts, *, timestamp: str, author: Author | None = None) -> bytes:
    """The SBOM of an image: the same facts, timestamp and author give the same bytes."""
    made = document(bill_of(facts, timestamp, author))
    return indented(made, 1)


def document(bill: Bill) -> Json:
    """The document as JSON values."""
    facts, licences = bill.facts, Licences()
    tool = f"Tool: {TOOL}-{facts.tool_version}"
    creators = [tool, _actor(bill.author)] if bill.author else [tool]
    packages = [_image(bill), *_packages(bill, licences, tool)]
    made: Json = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": bill.name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{encoded(bill.name)}-{bill.serial}",
        "creationInfo": {
            "created": bill.second,
            "creators": creators,
            "comment": creation_comment(not facts.complete),
        },
        "packages": packages,
        "relationships": _relationships(bill),
    }
    if pairs := [{name: text} for name, text in document_properties(facts)]:
        made["annotations"] = [_annotation(bill, tool, pair) for pair in pairs]
    if licences.texts:
        made["hasExtractedLicensingInfos"] = [
            {"licenseId": ref, "extractedText": text, "name": text}
            for ref, text in sorted(licences.texts.items())
        ]
    return made


def package_id(ref: str) -> str:
    """The SPDX identifier of the package with this ref."""
    return f"SPDXRef-Package-{identifier(ref)}"


def _image(bill: Bill) -> Json:
    facts = bill.facts
    digest = facts.digest or facts.config_digest
    algorithm, _, digits = digest.partition(":")
    made: Json = {
        "SPDXID": IMAGE,
        "name": bill.name,
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "CONTAINER",
    }
    if digest:
        made["versionInfo"] = digest
        made["checksums"] = _checksums(((algorithm, digits),))
        made["externalRefs"] = [_purl(image_purl(facts))]
    if pairs := image_properties(facts):
        # Names occur more than once (one for each layer), so not as an object.
        tool = f"Tool: {TOOL}-{facts.tool_version}"
        made["annotations"] = [_annotation(bill, tool, {name: text}) for name, text in pairs]
    return made


def _packages(bill: Bill, licences: Licences, tool: str) -> list[Json]:
    facts = bill.facts
    diff_ids = {layer.index: layer.diff_id for layer in facts.layers}
    made = []
    for package, ref in zip(facts.packages, bill.refs, strict=True):
        one = _package(package, ref, licences)
        pairs = dict(properties(package, diff_ids))
        pairs["secure:location:path"] = "/" + package.location.path
        if package.homepage and not is_url(package.homepage):
            pairs["secure:homepage"] = package.homepage
        one["annotations"] = [_annotation(bill, tool, pairs)]
        made.append(one)
    if facts.os_release:
        made.append(_system(bill, facts.os_release, tool))
    return made


def _system(bill: Bill, release: OsRelease, tool: str) -> Json:
    made: Json = {
        "SPDXID": SYSTEM,
        "name": release.id or release.name or "unknown",
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": False,
        "primaryPackagePurpose": "OPERATING_SYSTEM",
    }
    if version := release.version_id or release.version_codename:
        made["versionInfo"] = version
    if release.pretty_name:
        made["description"] = release.pretty_name
    if pairs := system_properties(release):
        made["annotations"] = [_annotation(bill, tool, dict(pairs))]
    return made


def _package(package: Package, ref: str, licences: Licences) -> Json:
    declared = licences.expression(package.licences)
    made: Json = {
        "SPDXID": package_id(ref),
        "name": package.name or "unknown",
        "supplier": _supplier(package.maintainer),
        "downloadLocation": NOASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NOASSERTION,
        "licenseDeclared": declared or NOASSERTION,
        "copyrightText": NOASSERTION,
        "primaryPackagePurpose": "APPLICATION" if package.type == "generic" else "LIBRARY",
    }
    if package.version:
        made["versionInfo"] = package.version
    if filename := dict(file_properties(package)).get(FILENAME):
        made["packageFileName"] = filename
    if is_url(package.homepage):
        made["homepage"] = package.homepage
    if package.hashes and (checksums := _checksums(package.hashes)):
        made["checksums"] = checksums
    if found := licences.expression(package.licences_found):
        made["licenseComments"] = f"found in files: {found}"
    if package.source:
        # In these words scanners of other makers look for the source package.
        version = package.source_version or package.version
        made["sourceInfo"] = f"built package from: {package.source} {version}"
    if references := _references(package):
        made["externalRefs"] = references
    return made


def _relationships(bill: Bill) -> list[Json]:
    """NONE says that there are no further ones, NOASSERTION that nothing is known of them."""
    made = [_relation(DOCUMENT, "DESCRIBES", IMAGE)]
    ids = {ref: package_id(ref) for ref in bill.refs}
    made += [_relation(IMAGE, "CONTAINS", ids[ref]) for ref in bill.refs]
    if bill.facts.os_release:
        made.append(_relation(IMAGE, "CONTAINS", SYSTEM))
    for package, ref, needs in zip(bill.facts.packages, bill.refs, bill.needs, strict=True):
        made += [_relation(ids[ref], "DEPENDS_ON", ids[need]) for need in needs]
        if not graph_is_known(package):
            made.append(_relation(ids[ref], "DEPENDS_ON", NOASSERTION))
        elif not needs:
            made.append(_relation(ids[ref], "DEPENDS_ON", "NONE"))
        if package.owner in ids and package.owner != ref:
            made.append(_relation(ids[package.owner], "CONTAINS", ids[ref]))
    return made


def _relation(left: str, kind: str, right: str) -> Json:
    return {"spdxElementId": left, "relationshipType": kind, "relatedSpdxElement": right}


def _annotation(bill: Bill, tool: str, pairs: dict[str, str]) -> Json:
    return {
        "annotationDate": bill.second,
        "annotationType": "OTHER",
        "annotator": tool,
        # ASCII and without "<": the same text serves as one line of tag-value.
        "comment": json.dumps(pairs, separators=(",", ":")).replace("<", "\\u003c"),
    }


def _references(package: Package) -> list[Json]:
    made = [_purl(package.purl)] if package.purl and package.name else []
    if is_cpe(package.cpe):
        cpe = {"referenceCategory": "SECURITY", "referenceType": "cpe23Type"}
        made.append({**cpe, "referenceLocator": package.cpe})
    return made


def _purl(text: str) -> Json:
    return {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": text,
    }


def _checksums(pairs: tuple[tuple[str, str], ...]) -> list[Json]:
    return [
        {"algorithm": name.spdx2, "checksumValue": digits} for name, digits in known_hashes(pairs)
    ]


def _supplier(maintainer: str) -> str:
    name, email = mailbox(maintainer)
    if not name:
        return NOASSERTION
    # Round brackets are for the address (clause 7.5).
    name = name.replace("(", "[").replace(")", "]")
    return f"Person: {name} ({email})" if email else f"Organization: {name}"


def _actor(author: Author) -> str:
    if author.url:
        return f"Organization: {author.name} ({author.url})"
    return f"Person: {author.name} ({author.email})" if author.email else f"Person: {author.name}"
