"""CSAF 2.0 documents of the profile VEX.

Source: OASIS, Common Security Advisory Framework 2.0, sections 3.2.2 (product tree) and 3.2.3.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.facts.vulnerability import Product, Statement

_STATUS = {
    "known_not_affected": "not_affected", "fixed": "fixed", "first_fixed": "fixed",
    "known_affected": "affected", "first_affected": "affected", "last_affected": "affected",
    "under_investigation": "under_investigation",
}  # fmt: skip


class _Helper(msgspec.Struct):
    purl: str = ""


class _Product(msgspec.Struct):
    product_id: str = ""
    product_identification_helper: _Helper | None = None


class _Branch(msgspec.Struct):
    product: _Product | None = None
    branches: list[_Branch] = []


class _Relation(msgspec.Struct):
    product_reference: str = ""
    full_product_name: _Product | None = None


class _Tree(msgspec.Struct):
    branches: list[_Branch] = []
    full_product_names: list[_Product] = []
    relationships: list[_Relation] = []


class _Told(msgspec.Struct):
    """A flag (label) or a threat (details) of some products."""

    label: str = ""
    category: str = ""
    details: str = ""
    product_ids: list[str] = []


class _Known(msgspec.Struct):
    text: str = ""


class _Flaw(msgspec.Struct):
    cve: str = ""
    ids: list[_Known] = []
    product_status: dict[str, list[str]] = {}
    flags: list[_Told] = []
    threats: list[_Told] = []


class _Publisher(msgspec.Struct):
    name: str = ""


class _Tracking(msgspec.Struct):
    current_release_date: str = ""


class _About(msgspec.Struct):
    csaf_version: str
    publisher: _Publisher = msgspec.field(default_factory=_Publisher)
    tracking: _Tracking = msgspec.field(default_factory=_Tracking)


class Document(msgspec.Struct):
    """As far as it is used; other fields are skipped."""

    document: _About
    product_tree: _Tree = msgspec.field(default_factory=_Tree)
    vulnerabilities: list[_Flaw] = []


def statements(document: Document, name: str) -> Iterator[Statement]:
    """One for each vulnerability, status and justification."""
    purls = _purls(document.product_tree)
    for flaw in document.vulnerabilities:
        names = frozenset({flaw.cve, *(known.text for known in flaw.ids)} - {""})
        labels = {product: one.label for one in flaw.flags for product in one.product_ids}
        impact = {
            product: one.details
            for one in flaw.threats
            if one.category == "impact"
            for product in one.product_ids
        }
        for listed, products in flaw.product_status.items():
            status = _STATUS.get(listed, "")
            together: dict[tuple[str, str], list[Product]] = {}
            for product in products if status else ():
                if purl := purls.get(product, ""):
                    why = labels.get(product, ""), impact.get(product, "")
                    together.setdefault(why, []).append(Product(purl))
            for (label, details), about in together.items():
                yield Statement(
                    names=names,
                    status=status,
                    by=f"VEX {name}, {document.document.publisher.name or 'no publisher'}",
                    products=tuple(dict.fromkeys(about)),
                    justification=label,
                    statement=details,
                    timestamp=document.document.tracking.current_release_date,
                )


def _purls(tree: _Tree) -> dict[str, str]:
    """Product id to purl; of "A as a component of B" that of A. Others name no package."""
    found: dict[str, str] = {}
    waiting = list(tree.branches)
    products = list(tree.full_product_names)
    while waiting:
        branch = waiting.pop()
        waiting += branch.branches
        if branch.product is not None:
            products.append(branch.product)
    for product in products:
        if product.product_identification_helper and product.product_identification_helper.purl:
            found[product.product_id] = product.product_identification_helper.purl
    for relation in tree.relationships:
        part = found.get(relation.product_reference, "")
        if part and relation.full_product_name:
            found.setdefault(relation.full_product_name.product_id, part)
    return found
