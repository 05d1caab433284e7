"""SPDX 2.3 tag-value: the JSON document as lines. Source: spdx.github.io/spdx-spec/v2.3."""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import ImageFacts
from secure.facts.plain import plain
from secure.report.bill import Author, bill_of
from secure.report.spdx2 import Json, document

# JSON key -> tag, in the order that the specification lists them.
_DOCUMENT = {
    "spdxVersion": "SPDXVersion", "dataLicense": "DataLicense", "SPDXID": "SPDXID",
    "name": "DocumentName", "documentNamespace": "DocumentNamespace",
}  # fmt: skip
_CREATION = {"creators": "Creator", "created": "Created", "comment": "CreatorComment"}
_PACKAGE = {
    "name": "PackageName", "SPDXID": "SPDXID", "versionInfo": "PackageVersion",
    "packageFileName": "PackageFileName", "supplier": "PackageSupplier",
    "downloadLocation": "PackageDownloadLocation", "filesAnalyzed": "FilesAnalyzed",
    "checksums": "PackageChecksum", "homepage": "PackageHomePage",
    "sourceInfo": "PackageSourceInfo", "licenseConcluded": "PackageLicenseConcluded",
    "licenseDeclared": "PackageLicenseDeclared", "licenseComments": "PackageLicenseComments",
    "copyrightText": "PackageCopyrightText", "description": "PackageDescription",
    "externalRefs": "ExternalRef", "primaryPackagePurpose": "PrimaryPackagePurpose",
}  # fmt: skip
_LICENCE = {"licenseId": "LicenseID", "extractedText": "ExtractedText", "name": "LicenseName"}
# Only these may be longer than a line in the grammar, and parsers want the marks around them.
_TEXTS = frozenset({
    "CreatorComment", "PackageSourceInfo", "PackageLicenseComments", "PackageDescription",
    "ExtractedText", "AnnotationComment",
})  # fmt: skip
_MARK = re.compile(r"<(?=/?text>)", re.IGNORECASE)


def render(facts: ImageFacts, *, timestamp: str, author: Author | None = None) -> bytes:
    """The SBOM of an image: the same facts, timestamp and author give the same bytes."""
    made = document(bill_of(facts, timestamp, author))
    return ("\n".join(_lines(made)) + "\n").encode("utf-8", "backslashreplace")


def _lines(made: Json) -> Iterator[str]:
    yield from _tags(made, _DOCUMENT)
    yield from _tags(_fields(made["creationInfo"]), _CREATION)
    yield from _annotations(made, made["SPDXID"])
    for package in _list(made, "packages"):
        yield ""
        yield from _tags(package, _PACKAGE)
        yield from _annotations(package, package["SPDXID"])
    for licence in _list(made, "hasExtractedLicensingInfos"):
        yield ""
        yield from _tags(licence, _LICENCE)
    yield ""
    for one in _list(made, "relationships"):
        left, right = one["spdxElementId"], one["relatedSpdxElement"]
        yield f"Relationship: {left} {one['relationshipType']} {right}"


def _tags(made: Json, names: dict[str, str]) -> Iterator[str]:
    for key, tag in names.items():
        if key in made:
            for one in value if isinstance(value := made[key], list) else [value]:
                yield _tag(tag, _written(one))


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case {"algorithm": algorithm, "checksumValue": digits}:
            return f"{algorithm}: {digits}"
        case {"referenceCategory": category, "referenceType": kind, "referenceLocator": locator}:
            return f"{category} {kind} {locator}"
        case _:
            return str(value).replace("OPERATING_SYSTEM", "OPERATING-SYSTEM")


def _tag(tag: str, text: str) -> str:
    # One line each, and no value can open or close a text: none of them starts another tag.
    shown = _MARK.sub(r"\\x3c", plain(text))
    return f"{tag}: <text>{shown}</text>" if tag in _TEXTS else f"{tag}: {shown}"


def _annotations(made: Json, ref: object) -> Iterator[str]:
    for one in _list(made, "annotations"):
        yield _tag("Annotator", str(one["annotator"]))
        yield _tag("AnnotationDate", str(one["annotationDate"]))
        yield _tag("AnnotationType", str(one["annotationType"]))
        yield _tag("SPDXREF", str(ref))
        yield _tag("AnnotationComment", str(one["comment"]))


def _list(made: Json, key: str) -> list[Json]:
    found = made.get(key, [])
    return found if isinstance(found, list) else []


def _fields(value: object) -> Json:
    return value if isinstance(value, dict) else {}
