"""OpenVEX documents.

Source: github.com/openvex/spec, OPENVEX-SPEC.md 0.2.0 (and 0.0.1, whose products are plain ids).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.facts.vulnerability import Product, Statement

_HASHES = ("sha-256", "sha-512", "sha256", "sha512")


class _Part(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    identifiers: dict[str, str] = {}
    hashes: dict[str, str] = {}
    subcomponents: list[_Part] = []


class _Flaw(msgspec.Struct):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    aliases: list[str] = []


class _Statement(msgspec.Struct):
    vulnerability: _Flaw | str
    status: str
    products: list[_Part | str] = []
    subcomponents: list[str] = []  # 0.0.1
    justification: str = ""
    impact_statement: str = ""
    action_statement: str = ""
    status_notes: str = ""
    timestamp: str = ""


class Document(msgspec.Struct):
    """As far as it is used; other fields are skipped."""

    context: str = msgspec.field(name="@context")
    author: str = ""
    timestamp: str = ""
    statements: list[_Statement] = []


def statements(document: Document, name: str) -> Iterator[Statement]:
    """The statements that count. One that denies without saying why is none (the specification:
    "not_affected" must have a justification or an impact statement)."""
    for one in document.statements:
        if one.status == "not_affected" and not (one.justification or one.impact_statement):
            continue
        flaw = one.vulnerability
        names = {flaw} if isinstance(flaw, str) else {flaw.name, *flaw.aliases, flaw.id} - {""}
        yield Statement(
            names=frozenset(names),
            status=one.status,
            by=f"VEX {name}, {document.author or 'no author'}",
            products=tuple(_products(one)),
            justification=one.justification,
            statement=one.impact_statement or one.status_notes or one.action_statement,
            timestamp=one.timestamp or document.timestamp,
        )


def _products(one: _Statement) -> Iterator[Product]:
    for product in one.products:
        part = _Part(id=product) if isinstance(product, str) else product
        inner = part.subcomponents or [_Part(id=text) for text in one.subcomponents]
        purl, image = _named(part)
        if not inner:
            yield Product(purl, image)
        for component in inner if image or not purl else ():
            yield Product(_named(component)[0], image)


def _named(part: _Part) -> tuple[str, str]:
    """The purl of a package, or the digest of an image."""
    purl = next(
        (t for t in (part.identifiers.get("purl", ""), part.id) if t.startswith("pkg:")), ""
    )
    digest = next(
        (f"{k.replace('-', '')}:{part.hashes[k]}" for k in _HASHES if k in part.hashes), ""
    )
    if purl.startswith("pkg:oci/"):
        told = purl.partition("@")[2].partition("?")[0].replace("%3A", ":")
        return "", digest or told or purl
    return purl or ("" if digest else part.id), digest
