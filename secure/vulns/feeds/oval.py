"""OVAL definitions on rpm packages as OSV records: Oracle Linux and Azure Linux (CBL-Mariner).

A definition is a tree of AND and OR over tests; a test names an object (a package) and states (its
epoch:version-release compared with one). What else stands in an AND with a package narrows it: the
release that is installed, the module that is enabled. Definitions with criteria that are none of
these are refused, not guessed.

Builds of Oracle for FIPS have an epoch of their own (10:3.6.16-4.el8_fips): `comparison` holds them
against packages that are such builds, and no others.

Source: OVAL 5.11, oval-definitions-schema and linux-definitions-schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from secure.errors import LimitExceededError
from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.words import CVE, MODULE, pages
from secure.vulns.osv import Advisory, Affected, Event, Package, Range, Refused, checked
from secure.vulns.schema import rfc3339, seconds
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable
from secure.xml_tree import Element, xml_records

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
_TABLES = frozenset({"rpminfo_test", "rpminfo_object", "rpminfo_state"})


class _Compared(NamedTuple):
    """One test: of package `name` a version that is `operation` `version`; "" if it has none."""

    name: str
    operation: str
    version: str


class _Narrowed(NamedTuple):
    """What else must be so: the release, the module."""

    release: str = ""
    module: str = ""


class _Package(NamedTuple):
    """One package of a definition, and all comparisons that must hold together."""

    narrowed: _Narrowed
    compared: tuple[_Compared, ...]


class _UnknownError(ValueError):
    """A definition that is not understood; its text says what."""


def advisories(
    content: Callable[[], Iterator[bytes]], limits: Limits
) -> Iterator[Advisory | Refused]:
    """The definitions of one file.

    Args:
        content: reads it from its beginning; twice, as definitions come before what they refer to.

    Raises:
        DocumentError, LimitExceededError: the XML is damaged or too large; `xml_records`.
    """
    tests = _tests(content(), limits)
    for definition in xml_records(content(), frozenset({"definition"})):
        yield from _read(definition, tests, limits)


def _tests(pieces: Iterator[bytes], limits: Limits) -> dict[str, _Compared]:
    links: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    states: dict[str, tuple[str, str]] = {}
    for count, one in enumerate(xml_records(pieces, _TABLES)):
        if count > limits.feed_records:
            raise LimitExceededError("feed_records", "OVAL tests", f"{limits.feed_records} tests")
        number = one.attributes.get("id", "")
        if one.name == "rpminfo_test":
            state = one.child("state").attributes.get("state_ref", "")
            links[number] = (one.child("object").attributes.get("object_ref", ""), state)
        elif one.name == "rpminfo_object":
            names[number] = one.child("name").text.strip()
        elif evr := one.child("evr").text.strip():
            states[number] = (one.child("evr").attributes.get("operation", "equals"), evr)
    return {
        test: _Compared(names.get(of, ""), *states.get(state, ("", "")))
        for test, (of, state) in links.items()
    }


def _read(
    definition: Element, tests: dict[str, _Compared], limits: Limits
) -> Iterator[Advisory | Refused]:
    number, metadata = definition.attributes.get("id", ""), definition.child("metadata")
    name = _name(number, metadata)
    if not number.startswith((_ORACLE, _AZURE)):
        yield Refused(plain(name[:200]), "it is of no distribution that is known here")
        return
    try:
        found = dict.fromkeys(_packages(definition.child("criteria"), _Narrowed(), tests))
        if found:
            yield checked(_advisory(name, metadata, tuple(map(_affected, found))), limits)
        else:
            yield Refused(name, "it names no package")
    except _UnknownError as cause:
        yield Refused(plain(name[:200]), str(cause))


def _name(number: str, metadata: Element) -> str:
    told = (one.attributes.get("ref_id", "") for one in metadata.all("reference"))
    return next(filter(_ELSA, told), number)


def _packages(
    criteria: Element, narrowed: _Narrowed, tests: dict[str, _Compared]
) -> Iterator[_Package]:
    """Every package below, with all that is said of its version."""
    told: dict[str, list[_Compared]] = {}
    together = criteria.attributes.get("operator", "AND") == "AND"
    for one in criteria.all("criterion"):
        compared = tests.get(one.attributes.get("test_ref", ""))
        if compared is not None and compared.version:
            place = compared.name if together else f"{len(told)}"
            told.setdefault(place, []).append(compared)
        else:
            narrowed = _narrow(narrowed, one.attributes.get("comment", "").strip())
        _check_plain(one)
    for found in told.values():
        yield _Package(narrowed, tuple(found))
    for child in criteria.children:
        if child.name == "criteria":
            _check_plain(child)
            yield from _packages(child, narrowed, tests)
        elif child.name != "criterion":
            raise _UnknownError(f'it has "{plain(child.name[:50])}" among its criteria')


def _check_plain(criterion: Element) -> None:
    if criterion.attributes.get("negate", "false") != "false":
        raise _UnknownError("it negates a criterion")


def _narrow(narrowed: _Narrowed, comment: str) -> _Narrowed:
    if found := _RELEASE(comment):
        return narrowed._replace(release=found[1])
    if found := _MODULE(comment):
        return narrowed._replace(module=found[1])
    if not _BESIDE(comment):
        raise _UnknownError(f'the criterion "{plain(comment[:100])}"')
    return narrowed


def _affected(package: _Package) -> Affected:
    ecosystem, name = _ecosystem(package), package.compared[0].name
    events = {"introduced": "0"}
    for _, operation, evr in package.compared:
        version = evr.removeprefix("0:")
        place = key(ecosystem, version)
        if isinstance(place, Unorderable) or not name:
            raise _UnknownError(f'"{plain(name[:100])}" has no version that can be compared')
        if operation not in _BOUNDS:
            raise _UnknownError(f'a version is compared by "{plain(operation[:50])}"')
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
    raise _UnknownError("it does not say which release it is on")


def _advisory(name: str, metadata: Element, affected: tuple[Affected, ...]) -> Advisory:
    advisory = metadata.child("advisory")
    issued = advisory.child("issued").attributes.get("date", "")
    time = rfc3339(seconds(issued or metadata.child("advisory_date").text.strip()))
    if not time:
        raise _UnknownError("it does not say when it was issued")
    told = (advisory.child("severity").text, metadata.child("severity").text)
    severity = next((word.strip() for word in told if word.strip()), "")
    references = list(metadata.all("reference"))
    names = (one.attributes.get("ref_id", "") for one in references)
    return Advisory(
        name,
        time,
        published=time,
        upstream=tuple(dict.fromkeys(filter(CVE.fullmatch, names))),
        summary=metadata.child("title").text.strip()[:1000],
        details=metadata.child("description").text.strip(),
        affected=affected,
        references=pages(("ADVISORY", one.attributes.get("ref_url", "")) for one in references),
        database_specific={"severity": severity} if severity else None,
    )
