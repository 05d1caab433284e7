"""SPDX tag-value to the same fields as JSON. Source: spdx.github.io/spdx-spec/v2.3, clause 4 ff."""

from __future__ import annotations

import io
from collections.abc import Iterator

from secure.errors import DocumentError, LimitExceededError
from secure.oci.limits import Limits

Json = dict[str, object]

_DOCUMENT = {
    "SPDXVersion": "spdxVersion", "DocumentName": "name", "DocumentNamespace": "documentNamespace",
}  # fmt: skip
_CREATION = {"Created": "created", "CreatorComment": "comment"}
_PACKAGE = {
    "PackageVersion": "versionInfo", "PackageSupplier": "supplier",
    "PackageOriginator": "originator", "PackageHomePage": "homepage",
    "PackageSourceInfo": "sourceInfo", "PackageLicenseDeclared": "licenseDeclared",
    "PackageLicenseConcluded": "licenseConcluded", "PackageLicenseComments": "licenseComments",
    "PrimaryPackagePurpose": "primaryPackagePurpose", "PackageDescription": "description",
    "PackageFileName": "packageFileName",
}  # fmt: skip
_LICENCE = {"ExtractedText": "extractedText", "LicenseName": "name"}
_OPEN, _CLOSE = "<text>", "</text>"


def tag_value_fields(raw: bytes, where: str, limits: Limits) -> Json:
    """The document with the keys of the JSON form.

    Raises:
        DocumentError: not UTF-8, or a line without a tag.
        LimitExceededError: too large.
    """
    if len(raw) > limits.sbom_bytes:
        raise LimitExceededError("sbom_bytes", where, f"{limits.sbom_bytes} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise DocumentError(f"{where}: not UTF-8 at byte {cause.start}") from cause
    reader = _Reader()
    for count, (tag, value) in enumerate(_tags(text, where)):
        if count > limits.sbom_values:
            raise LimitExceededError("sbom_values", where, f"{limits.sbom_values} values")
        reader.take(tag, value)
    return reader.made()


def _tags(text: str, where: str) -> Iterator[tuple[str, str]]:
    lines = enumerate(io.StringIO(text, newline="\n"), start=1)
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        tag, colon, value = line.partition(":")
        if not colon or not tag.strip().isalnum():
            raise DocumentError(f"{where}: line {number} has no tag")
        value = value.strip()
        if value.startswith(_OPEN):
            parts = [value.removeprefix(_OPEN)]
            while _CLOSE not in parts[-1]:
                _, further = next(lines, (0, None))
                if further is None:
                    raise DocumentError(
                        f"{where}: the text that begins in line {number} has no end"
                    )
                parts.append(further.rstrip("\r\n"))
            value = "\n".join(parts).partition(_CLOSE)[0]
        yield tag.strip(), value


class _Reader:
    """Tags belong to what was begun last: the document, a package, a file, a licence."""

    def __init__(self) -> None:
        self.head: Json = {}
        self.creation: Json = {}
        self.creators: list[str] = []
        self.packages: list[Json] = []
        self.relations: list[Json] = []
        self.licences: list[Json] = []
        self.notes: dict[str, list[Json]] = {}
        self.note: Json = {}
        self.begun: Json = {}

    def take(self, tag: str, value: str) -> None:
        """One tag."""
        match tag:
            case "PackageName":
                self.begun = {"name": value, "checksums": [], "externalRefs": []}
                self.packages.append(self.begun)
            case "FileName" | "SnippetSPDXID":
                self.begun = {"file": True}
            case "LicenseID":
                self.begun = {"licenseId": value}
                self.licences.append(self.begun)
            case "SPDXID":
                self.begun.setdefault("SPDXID", value)
            case "Creator":
                self.creators.append(value)
            case "Relationship":
                self._relationship(value)
            case "PackageChecksum" | "ExternalRef" | "PackageAttributionText":
                self._list(tag, value)
            case "SPDXREF":
                self.note = {}
                self.notes.setdefault(value, []).append(self.note)
            case "AnnotationComment":
                self.note["comment"] = value
            case _:
                self._field(tag, value)

    def _relationship(self, value: str) -> None:
        words = value.split()
        if len(words) >= 3:
            left, kind, right = words[:3]
            self.relations.append(
                {"spdxElementId": left, "relationshipType": kind, "relatedSpdxElement": right}
            )

    def _list(self, tag: str, value: str) -> None:
        made: object = value
        key = "attributionTexts"
        if tag == "PackageChecksum":
            algorithm, _, digits = value.partition(":")
            key, made = "checksums", {"algorithm": algorithm, "checksumValue": digits.strip()}
        elif tag == "ExternalRef":
            words = value.split(None, 2)
            key, made = (
                "externalRefs",
                {
                    "referenceType": words[1] if len(words) > 1 else "",
                    "referenceLocator": words[2] if len(words) > 2 else "",
                },
            )
        found = self.begun.setdefault(key, [])
        if isinstance(found, list):
            found.append(made)

    def _field(self, tag: str, value: str) -> None:
        if tag in _DOCUMENT:
            self.head[_DOCUMENT[tag]] = value
        elif tag in _CREATION:
            self.creation[_CREATION[tag]] = value
        elif tag in _PACKAGE:
            self.begun[_PACKAGE[tag]] = value
        elif tag in _LICENCE:
            self.begun[_LICENCE[tag]] = value

    def made(self) -> Json:
        """The document."""
        for package in self.packages:
            package["annotations"] = self.notes.get(str(package.get("SPDXID", "")), [])
        return self.head | {
            "creationInfo": self.creation | {"creators": self.creators},
            "packages": self.packages,
            "relationships": self.relations,
            "annotations": self.notes.get("SPDXRef-DOCUMENT", []),
            "hasExtractedLicensingInfos": self.licences,
        }
