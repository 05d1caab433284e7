"""OVAL definitions of SUSE and openSUSE as OSV records, of all three kinds that they publish.

    patch           SUSE-SU-2021:1210-1: which versions an update brings
    vulnerability   CVE-2021-29154: the same by CVE, and which packages are not affected
    …-affected      the same, and which packages are affected without a fix yet

Criteria are alternatives of: one of these products AND one of these packages. A product is called
as OSV calls its ecosystem: "SUSE:Linux Enterprise Server 15 SP5", "openSUSE:Leap 15.6".
Packages are the installed ones, though SUSE says the same of all that one source makes. What holds
only while a live patch is missing is left out and named.

Sources: suse.com/support/security/oval; www.suse.com/c/suse-security-data-considerations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.oval_document import (
    Compared,
    UnknownError,
    advisory,
    check_plain,
    definitions,
    shown,
    tests,
)
from secure.vulns.feeds.statuses import fixed_in, never_affected, without_fix
from secure.vulns.feeds.words import CVE
from secure.vulns.osv import Advisory, Affected, Refused, checked
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable
from secure.xml_tree import Element

_PRODUCT = re.compile(
    r"(SUSE |openSUSE )([A-Za-z0-9][A-Za-z0-9 ._+-]{1,100}) is installed"
).fullmatch
_PATCH = re.compile(
    r"((?:open)?SUSE-[A-Z]{2}-[0-9]{4}:[0-9]{1,7}-[0-9]{1,3})(?:\W.*)?", re.DOTALL
).fullmatch
_LIVE = re.compile(r"no kernel-livepatch-\S+ is greater or equal than \S+").fullmatch
_LIVE_PATCHES = "what holds only without a live patch is not compared"


class _Statement(NamedTuple):
    """What is said of one package: "fixed" in a version, "affected", "not affected"."""

    ecosystem: str
    name: str
    state: str
    version: str = ""


def advisories(
    content: Callable[[], Iterator[bytes]], limits: Limits
) -> Iterator[Advisory | Refused]:
    """The definitions of one file; arguments and errors as `oval.advisories`."""
    known = tests(content(), limits)
    for definition in definitions(content()):
        metadata = definition.child("metadata")
        name = _name(metadata.child("title").text.strip())
        try:
            found, live = _statements(definition.child("criteria"), known)
            if live:
                yield Refused(name, _LIVE_PATCHES)
            if found:
                yield checked(advisory(name, metadata, tuple(map(_affected, found))), limits)
            elif not live:
                yield Refused(name, "it names no package")
        except UnknownError as cause:
            yield Refused(name, str(cause))


def _name(title: str) -> str:
    patch = _PATCH(title)
    if patch:
        return patch[1]
    return title if CVE.fullmatch(title) else plain(title[:100])


def _statements(criteria: Element, known: dict[str, Compared]) -> tuple[list[_Statement], bool]:
    """Each statement once, and whether any holds without a live patch only."""
    reader = _Reader(known)
    reader.read(criteria, frozenset())
    found = dict.fromkeys(reader.found)
    # "Not affected" is said of the product; a fix of the same package there says more.
    told = {(one.ecosystem, one.name) for one in found if one.state != "not affected"}
    kept = [
        one for one in found if one.state != "not affected" or (one.ecosystem, one.name) not in told
    ]
    return kept, reader.live


class _Reader:
    """Walks criteria: `found` fills with what they say."""

    def __init__(self, known: dict[str, Compared]) -> None:
        self._known = known
        self.found: list[_Statement] = []
        self.live = False

    def read(self, criteria: Element, products: frozenset[str]) -> None:
        """One AND or OR, of the products that are installed."""
        check_plain(criteria)
        inside = list(criteria.all("criteria"))
        others = [one for one in criteria.all("criterion") if not _product(one)]
        foreign = [one for one in criteria.children if one.name not in ("criteria", "criterion")]
        if foreign:
            raise UnknownError(f'it has "{plain(foreign[0].name[:50])}" among its criteria')
        if criteria.attributes.get("operator", "AND") == "AND":
            products = self._installed(criteria, inside, products)
            if self._without_live_patch(others):
                return
            if len(others) > 1:
                raise UnknownError("it compares several packages at once")
        elif any(_products(criteria)) and (others or inside):
            raise UnknownError("a product and a package are alternatives")
        for one in others:
            self._package(one, products)
        for child in inside:
            if not _only_products(child):
                self.read(child, products)

    @staticmethod
    def _installed(
        criteria: Element, inside: list[Element], products: frozenset[str]
    ) -> frozenset[str]:
        """Products that an AND names, itself or above: one, or alternatives."""
        groups = [frozenset(_products(child)) for child in inside if _only_products(child)]
        groups += [frozenset({one}) for one in _products(criteria)]
        groups += [products] if products else []
        if len(groups) > 1:
            raise UnknownError("it wants several products at once")
        return groups[0] if groups else frozenset()

    def _without_live_patch(self, criterions: list[Element]) -> bool:
        comments = [one.attributes.get("comment", "").strip() for one in criterions]
        found = any(map(_LIVE, comments))
        self.live = self.live or found
        return found

    def _package(self, criterion: Element, products: frozenset[str]) -> None:
        check_plain(criterion)
        compared = self._known.get(criterion.attributes.get("test_ref", ""))
        comment = criterion.attributes.get("comment", "").strip()
        if compared is None or not compared.name:
            raise UnknownError(shown(criterion))
        if not products:
            raise UnknownError("it does not say which product it is on")
        state, version = "", ""
        if comment == f"{compared.name} is not affected" and not compared.version:
            state = "not affected"
        elif compared.operation == "greater than" and compared.version in ("0:0-0", "0-0"):
            state = "affected"
        elif compared.operation == "less than":
            state, version = "fixed", compared.version.removeprefix("0:")
        else:
            raise UnknownError(shown(criterion))
        for product in sorted(products):
            if version and isinstance(key(product, version), Unorderable):
                name = plain(compared.name[:100])
                raise UnknownError(f'"{name}" has no version that can be compared')
            self.found.append(_Statement(product, compared.name, state, version))


def _product(criterion: Element) -> str:
    """ "SUSE:Linux Enterprise Server 15 SP1-LTSS"; "" of a package."""
    found = _PRODUCT(criterion.attributes.get("comment", "").strip())
    return f"{found[1].strip()}:{found[2]}" if found else ""


def _products(criteria: Element) -> Iterator[str]:
    """Those that stand in it directly."""
    return filter(None, map(_product, criteria.all("criterion")))


def _only_products(criteria: Element) -> bool:
    return bool(criteria.children) and len(list(_products(criteria))) == len(criteria.children)


def _affected(one: _Statement) -> Affected:
    if one.state == "fixed":
        return fixed_in(one.ecosystem, one.name, one.version)
    if one.state == "affected":
        return without_fix(one.ecosystem, one.name, "not-fixed")
    return never_affected(one.ecosystem, one.name)
