"""A document of any known form, by its first bytes, to what it says."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from secure.errors import DocumentError, LimitExceededError, UnsupportedError
from secure.facts.bom import Bom
from secure.oci.document import decode_document
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.scan.formats.tree import mapping
from secure.scan.formats.yaml_tree import yaml_tree
from secure.scan.sbom_in import compact, cyclonedx, spdx2, spdx3, syft
from secure.scan.sbom_in.cyclonedx_fields import Document as CycloneDx
from secure.scan.sbom_in.cyclonedx_xml import xml_fields
from secure.scan.sbom_in.spdx3_nested import flattened, is_flat
from secure.scan.sbom_in.spdx_tag_value import tag_value_fields
from secure.scan.sbom_in.syft_fields import Document as Syft

_T = TypeVar("_T")

_BOM = b"\xef\xbb\xbf"  # a byte order mark, which Windows tools put first
_SPDX_3 = b"spdx.org/rdf/3"
_SPDX_2_YAML = re.compile(rb"""(?m)^["']?spdxVersion["']?[ \t]*:[ \t]*["']?SPDX-2\.""")
_TAG_VALUE = re.compile(rb"(?:#[^\n]*\n|\s)*SPDXVersion:")


class _Marks(msgspec.Struct, frozen=True, rename="camel"):
    """What tells the JSON forms apart."""

    bom_format: str = ""
    spdx_version: str = ""
    format: str = ""
    artifacts: msgspec.Raw = msgspec.Raw()
    descriptor: msgspec.Raw = msgspec.Raw()
    graph: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="@graph")
    context: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="@context")


def read_bom(raw: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> Bom:
    """What the document says; what in it could not be used is in `unreadable`.

    Args:
        where: the subject of errors, e.g. '"app.cdx.json"'.

    Raises:
        UnsupportedError: of no form that this version reads.
        DocumentError: malformed, or hostile.
        LimitExceededError: too large, too deep, or with too many components.
    """
    raw = raw.removeprefix(_BOM)
    start = raw[:4_096].lstrip()
    if start.startswith(b"<"):
        return cyclonedx.bom_of(
            _convert(xml_fields(raw, where, limits), CycloneDx, where), "XML", limits
        )
    if _TAG_VALUE.match(raw[:65_536]):
        fields = tag_value_fields(raw, where, limits)
        return spdx2.bom_of(_convert(fields, spdx2.Document, where), "tag-value", limits)
    if start.startswith(b"{"):
        return _of_json(raw, where, limits)
    if _SPDX_2_YAML.search(raw[:65_536]):
        # All its scalars are text; booleans and numbers are read from it.
        fields = _yaml_fields(raw, where)
        return spdx2.bom_of(_convert(fields, spdx2.Document, where, strict=False), "YAML", limits)
    raise UnsupportedError(
        f"{where} is no SBOM of a known form",
        do="Give CycloneDX (JSON, XML), SPDX (2 as JSON, YAML, tag-value; 3 as JSON-LD) or syft's.",
    )


def _of_json(raw: bytes, where: str, limits: Limits) -> Bom:
    # "{}," becomes a hundred times its size in memory: counted before anything is decoded.
    if sum(raw.count(mark) for mark in (b",", b"{", b"[")) > limits.sbom_values:
        raise LimitExceededError("sbom_values", where, f"{limits.sbom_values} values")

    def decoded(kind: type[_T]) -> _T:
        return decode_document(raw, kind, where, limit="sbom_bytes", limits=limits)

    marks = _marks(raw, where, limits)
    if marks.bom_format == "CycloneDX":
        return cyclonedx.bom_of(decoded(CycloneDx), "JSON", limits)
    if marks.spdx_version.startswith("SPDX-2."):
        return spdx2.bom_of(decoded(spdx2.Document), "JSON", limits)
    if marks.graph or _SPDX_3 in bytes(marks.context):
        if marks.graph and is_flat(bytes(marks.graph)):
            return spdx3.bom_of(decoded(spdx3.Document), limits)
        tree = decoded(dict[str, object])
        return spdx3.bom_of(_convert(flattened(tree), spdx3.Document, where), limits)
    if marks.artifacts and marks.descriptor:
        return syft.bom_of(decoded(Syft), limits)
    if marks.format == compact.FORM:
        return compact.bom_of(decoded(compact.Document), limits)
    raise UnsupportedError(
        f"{where} is JSON, but neither CycloneDX nor SPDX nor syft's",
        do='CycloneDX has "bomFormat", SPDX "spdxVersion" or "@graph", syft "artifacts".',
    )


def _marks(raw: bytes, where: str, limits: Limits) -> _Marks:
    try:
        return msgspec.json.decode(raw, type=_Marks)
    except (ValueError, RecursionError):
        # The checked way of reading says what is wrong, and where.
        return decode_document(raw, _Marks, where, limit="sbom_bytes", limits=limits)


def _yaml_fields(raw: bytes, where: str) -> dict[str, object]:
    try:
        return mapping(yaml_tree(raw))
    except DocumentError as cause:
        raise DocumentError(f"{where} {cause.what}") from cause


def _convert(fields: dict[str, object], kind: type[_T], where: str, *, strict: bool = True) -> _T:
    try:
        return msgspec.convert(fields, kind, strict=strict)
    except msgspec.ValidationError as cause:
        raise DocumentError(f"{where}: {cause}") from cause
