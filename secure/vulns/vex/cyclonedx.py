"""CycloneDX documents with analyses of vulnerabilities, in a bill or on their own.

Source: CycloneDX 1.6, vulnerabilities.analysis; BOM-Link "urn:cdx:SERIAL/VERSION#REF".
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

from secure.facts.vulnerability import Product, Statement

_STATUS = {
    "not_affected": "not_affected", "false_positive": "not_affected", "resolved": "fixed",
    "resolved_with_pedigree": "fixed", "exploitable": "affected",
    "in_triage": "under_investigation",
}  # fmt: skip


class _Analysis(msgspec.Struct, rename="camel"):
    state: str = ""
    justification: str = ""
    detail: str = ""
    last_updated: str = ""


class _Ref(msgspec.Struct):
    ref: str = ""


class _Known(msgspec.Struct):
    id: str = ""


class _Flaw(msgspec.Struct):
    id: str = ""
    analysis: _Analysis | None = None
    affects: list[_Ref] = []
    references: list[_Known] = []
    updated: str = ""


class _Component(msgspec.Struct, rename={"ref": "bom-ref"}):
    ref: str = ""
    purl: str = ""
    components: list[_Component] = []


class _Metadata(msgspec.Struct):
    timestamp: str = ""
    component: _Component | None = None


class Document(msgspec.Struct, rename="camel"):
    """As far as it is used; other fields are skipped."""

    bom_format: str
    serial_number: str = ""
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    components: list[_Component] = []
    vulnerabilities: list[_Flaw] = []


def statements(document: Document, name: str) -> Iterator[Statement]:
    """One for each vulnerability that was analysed."""
    purls = dict(_purls(document.components))
    top = document.metadata.component
    for one in document.vulnerabilities:
        told = one.analysis
        status = _STATUS.get(told.state, "") if told else ""
        if told is None or not status:
            continue
        yield Statement(
            names=frozenset({one.id, *(known.id for known in one.references)} - {""}),
            status=status,
            by=f"VEX {name}, {document.serial_number or 'CycloneDX'}",
            products=tuple(_product(ref.ref, purls, top) for ref in one.affects),
            justification=told.justification,
            statement=told.detail,
            timestamp=told.last_updated or one.updated or document.metadata.timestamp,
        )


def _product(ref: str, purls: dict[str, str], top: _Component | None) -> Product:
    if ref.startswith("urn:cdx:"):
        ref = unquote(ref.partition("#")[2])
    if top is not None and ref and ref == top.ref:
        return Product(image=_digest(top.purl) or top.purl or ref)
    return Product(purls.get(ref, ref))


def _digest(purl: str) -> str:
    version = unquote(purl.partition("@")[2].partition("?")[0])
    return version if purl.startswith("pkg:oci/") else ""


def _purls(components: list[_Component]) -> Iterator[tuple[str, str]]:
    waiting = list(components)
    while waiting:
        one = waiting.pop()
        if one.ref and one.purl:
            yield one.ref, one.purl
        waiting += one.components
