"""Findings that VEX statements take back: still there, with the words of who did it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.errors import DocumentError
from secure.facts.plain import plain
from secure.facts.purl import Purl, parse_purl
from secure.facts.vulnerability import Product, Statement, Suppression, Vulnerability

_TAKES_BACK = frozenset({"not_affected", "fixed"})


def applied(
    findings: Iterable[Vulnerability], statements: Iterable[Statement], digests: frozenset[str]
) -> tuple[Vulnerability, ...]:
    """The findings, with those suppressed that the latest statement on them takes back.

    A finding about several packages is taken back where every one of them is named.

    Args:
        digests: of the image.
    """
    by_name: dict[str, list[Statement]] = {}
    for statement in statements:
        for name in statement.names:
            by_name.setdefault(name, []).append(statement)
    return tuple(_judged(finding, by_name, digests) for finding in findings)


def _judged(
    finding: Vulnerability, by_name: dict[str, list[Statement]], digests: frozenset[str]
) -> Vulnerability:
    told = [one for name in sorted(finding.names) for one in by_name.get(name, ())]
    if not told or finding.suppressed is not None:
        return finding
    last: Statement | None = None
    for purl in sorted({match.package for match in finding.matches}):
        about = [one for one in told if _is_about(one, purl, finding, digests)]
        # Of the same moment the one that was given last.
        latest = max(reversed(about), key=lambda one: one.timestamp, default=None)
        if latest is None or latest.status not in _TAKES_BACK:
            return finding
        last = latest
    return finding if last is None else msgspec.structs.replace(finding, suppressed=_words(last))


def _words(statement: Statement) -> Suppression:
    return Suppression(
        plain(statement.status),
        plain(statement.by),
        plain(statement.justification),
        plain(statement.statement),
    )


def _is_about(
    statement: Statement, package: str, finding: Vulnerability, digests: frozenset[str]
) -> bool:
    return any(_covers(one, package, finding, digests) for one in statement.products)


def _covers(
    product: Product, package: str, finding: Vulnerability, digests: frozenset[str]
) -> bool:
    if product.image and product.image not in digests:
        return False
    if not product.purl:
        return bool(product.image)  # a statement about everything everywhere is about nothing
    stated, own = _parsed(product.purl), _parsed(package)
    if stated is None or own is None:
        return product.purl == package
    # A source package stands for what is built from it.
    names = {own.name, finding.component.rpartition("/")[2]}
    return (
        (stated.type, stated.namespace) == (own.type, own.namespace)
        and stated.name in names
        and stated.version in ("", own.version, finding.matches[0].compared)
        and all(
            own.qualifiers.get(key, text) == text
            for key, text in stated.qualifiers.items()
            if key in ("arch", "distro")
        )
    )


def _parsed(text: str) -> Purl | None:
    try:
        return parse_purl(text, strict=False)
    except DocumentError:
        return None
