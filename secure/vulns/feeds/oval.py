"""OVAL definitions on rpm packages as OSV records: Oracle Linux and Azure Linux (CBL-Mariner).

What stands in an AND with a package narrows it: the release that is installed, the module that is
enabled. Definitions with criteria that are none of these are refused, not guessed. SUSE's criteria
are others: `oval_suse.py`.

Builds of Oracle for FIPS have an epoch of their own (10:3.6.16-4.el8_fips): `comparison` holds them
against packages that are such builds, and no others.

Sources: linux.oracle.com/security/oval; github.com/microsoft/AzureLinuxVulnerabilityData.
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
from secure.vulns.feeds.statuses import never_affected
from secure.vulns.feeds.words import MODULE
from secure.vulns.osv import Advisory, Affected, Event, Package, Range, Refused, checked
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable
from secure.xml_tree import Element

_ORACLE, _AZURE = "oval:com.oracle.elsa:", "oval:com.microsoft."
_RELEASE = re.compile(r"Oracle Linux ([0-9]{1,3}) is installed").fullmatch
_MODULE = re.compile(f"Module ({MODULE.pattern}) is enabled").fullmatch
_BESIDE = re.compile(
    r".* is signed with .*|.* arch is [a-z0-9_]+|.* is (?:ksplice-based|fips patched)"
).fullmatch
_AZURE_TAG = re.compile(r".*\.(?:azl|cm)([0-9]{1,3})").fullmatch
_ELSA = re.compile(r"EL[SBE]A-[0-9]{4}-[0-9]{1,7}").fullmatch
_BOUNDS = {
    "less than": "fixed", "less than or equal": "last_affected",
    # The one version between the two is called affected.
    "greater than": "introduced", "greater than or equal": "introduced",
}  # fmt: skip


class _Narrowed(NamedTuple):
    """What else must be so: the release, the module."""

    release: str = ""
    module: str = ""


class _Package(NamedTuple):
    """One package of a definition, and all comparisons that must hold together."""

    narrowed: _Narrowed
    compared: tuple[Compared, ...]


def advisories(
    content: Callable[[], Iterator[bytes]], limits: Limits
) -> Iterator[Advisory | Refused]:
    """The definitions of one file.

    Args:
        content: reads it from its beginning; twice, as definitions come before what they refer to.

    Raises:
        DocumentError, LimitExceededError: the XML is damaged or too large; `xml_records`.
    """
    known = tests(content(), limits)
    for definition in definitions(content()):
        yield from _read(definition, known, limits)


def _read(
    definition: Element, known: dict[str, Compared], limits: Limits
) -> Iterator[Advisory | Refused]:
    number, metadata = definition.attributes.get("id", ""), definition.child("metadata")
    name = _name(number, metadata)
    if not number.startswith((_ORACLE, _AZURE)):
        yield Refused(plain(name[:200]), "it is of no distribution that is known here")
        return
    try:
        found = dict.fromkeys(_packages(definition.child("criteria"), _Narrowed(), known))
        if found:
            say = _not_affected if _is_not_applicable(metadata) else _affected
            yield checked(advisory(name, metadata, tuple(map(say, found))), limits)
        else:
            yield Refused(name, "it names no package")
    except UnknownError as cause:
        yield Refused(plain(name[:200]), str(cause))


def _name(number: str, metadata: Element) -> str:
    told = (one.attributes.get("ref_id", "") for one in metadata.all("reference"))
    return next(filter(_ELSA, told), number)


def _packages(
    criteria: Element, narrowed: _Narrowed, known: dict[str, Compared]
) -> Iterator[_Package]:
    """Every package below, with all that is said of its version."""
    told: dict[str, list[Compared]] = {}
    together = criteria.attributes.get("operator", "AND") == "AND"
    for one in criteria.all("criterion"):
        compared = known.get(one.attributes.get("test_ref", ""))
        if compared is not None and compared.version:
            place = compared.name if together else f"{len(told)}"
            told.setdefault(place, []).append(compared)
        else:
            narrowed = _narrow(narrowed, one)
        check_plain(one)
    for found in told.values():
        yield _Package(narrowed, tuple(found))
    for child in criteria.children:
        if child.name == "criteria":
            check_plain(child)
            yield from _packages(child, narrowed, known)
        elif child.name != "criterion":
            raise UnknownError(f'it has "{plain(child.name[:50])}" among its criteria')


def _narrow(narrowed: _Narrowed, criterion: Element) -> _Narrowed:
    comment = criterion.attributes.get("comment", "").strip()
    if found := _RELEASE(comment):
        return narrowed._replace(release=found[1])
    if found := _MODULE(comment):
        return narrowed._replace(module=found[1])
    if not _BESIDE(comment):
        raise UnknownError(shown(criterion))
    return narrowed


def _is_not_applicable(metadata: Element) -> bool:
    """How Microsoft takes a definition back: its comparisons stay."""
    return metadata.child("patchable").text.strip().lower() == "not applicable"


def _not_affected(package: _Package) -> Affected:
    return never_affected(_ecosystem(package), package.compared[0].name)


def _affected(package: _Package) -> Affected:
    ecosystem, name = _ecosystem(package), package.compared[0].name
    events = {"introduced": "0"}
    for _, operation, evr in package.compared:
        version = evr.removeprefix("0:")
        place = key(ecosystem, version)
        if isinstance(place, Unorderable) or not name:
            raise UnknownError(f'"{plain(name[:100])}" has no version that can be compared')
        if operation not in _BOUNDS:
            raise UnknownError(f'a version is compared by "{plain(operation[:50])}"')
        # "Greater than 0.0.0" is how Azure Linux says "any".
        if not version.startswith("0.0.0"):
            events[_BOUNDS[operation]] = version
    own: dict[str, object] = {} if "fixed" in events else {"secure": {"fix_state": "not-fixed"}}
    module = package.narrowed.module
    return Affected(
        Package(ecosystem, name),
        (Range("ECOSYSTEM", tuple(Event(**{bound: at}) for bound, at in events.items())),),
        ecosystem_specific={"module": module} if module else None,
        database_specific=own or None,
    )


def _ecosystem(package: _Package) -> str:
    if package.narrowed.release:
        return f"Oracle Linux:{package.narrowed.release}"
    for one in package.compared:
        if found := _AZURE_TAG(one.version):
            return f"Azure Linux:{found[1]}"
    raise UnknownError("it does not say which release it is on")
