"""What an advisory says of one package, as the database keeps it: intervals with their sort keys.

The ranges of one package become disjoint intervals, so that a lookup compares strings and orders
nothing. `evaluate` answers as `ranges.judge` does of the record itself; a property test holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import msgspec

from secure.facts.plain import plain
from secure.vulns import osv
from secure.vulns.ranges import ORDERED, Bound, Judged, State, bounds, order_of, place_of
from secure.vulns.versions.ecosystems import family
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable


class Interval(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Versions from `introduced` on, before `fixed`, up to and with `last_affected`.

    Args:
        fixed_key: "" where it has no such end; so is `last_affected_key`.
        fixed: the version that fixes it; "" where the interval ends otherwise.
        introduced_key: "" is before every version.
    """

    fixed_key: str = ""
    fixed: str = ""
    introduced_key: str = ""
    introduced: str = "0"
    last_affected_key: str = ""
    last_affected: str = ""


class Affected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One advisory on one package.

    Args:
        number: of the advisory; see `Database.advisory`.
        ranges: in order; those of one range of the record are disjoint.
        versions: listed ones that lie in no interval.
        unchecked: why a range could not be placed in the order; "" where all could.
        listed_only: there was no ordered range: only listed versions are affected.
        fix_state: fixed, not-fixed, wont-fix, end-of-life or unknown; "" where nobody says.
        status: affected, not_affected, under_investigation; "" is affected.
        severity: what the vendor of the package says: (type, score or word).
        qualifiers: what else a package must be: arch, os, module, stream, …
    """

    number: int
    ranges: tuple[Interval, ...] = ()
    versions: tuple[str, ...] = ()
    unchecked: str = ""
    listed_only: bool = False
    fix_state: str = ""
    status: str = ""
    severity: tuple[tuple[str, str], ...] = ()
    qualifiers: dict[str, tuple[str, ...]] = {}


_QUALIFIERS = ("arch", "arches", "architectures", "os", "module", "modules", "stream", "channel")
_MOST_WORDS = 64  # of one qualifier
_MOST_WORD_CHARS = 200
_VENDOR_WORDS = ("severity", "urgency", "priority")


def compact(number: int, affected: osv.Affected) -> Affected:
    """`affected` in the form that is kept."""
    ecosystem = affected.package.ecosystem if affected.package else ""
    ordered = [found for found in affected.ranges or () if found.type in ORDERED]
    intervals: list[Interval] = []
    unchecked = ""
    for found in ordered:
        order = order_of(ecosystem, found.type)
        placed = list(bounds(found.events, order))
        why = _unplaced(order, placed)
        if why:
            unchecked = unchecked or why
            continue
        intervals += _limited(sorted((b for b in placed if isinstance(b, tuple)), key=place_of))
    if not ordered and not affected.versions:
        unchecked = _why_nothing(affected)
    own = _own_words(affected)
    made = Affected(
        number=number,
        ranges=tuple(sorted(set(intervals), key=_beginning)),
        unchecked=unchecked,
        listed_only=not ordered,
        fix_state=own.get("fix_state", ""),
        status=own.get("status", ""),
        severity=tuple(_severity(affected)),
        qualifiers=_qualifiers(affected),
    )
    listed = tuple(
        version
        for version in dict.fromkeys(affected.versions or ())
        if evaluate(made, ecosystem, version).state is not State.AFFECTED
    )
    return msgspec.structs.replace(made, versions=listed) if listed else made


def _beginning(interval: Interval) -> tuple[str, str, str]:
    return interval.introduced_key, interval.fixed_key, interval.last_affected_key


def _unplaced(order: str, placed: list[Bound | Unorderable]) -> str:
    """Why these bounds are no range of `order`; "" where they are one."""
    nothing = key(order, "0")
    if family(order) is None and isinstance(nothing, Unorderable):
        return nothing.reason
    for bound in placed:
        if isinstance(bound, Unorderable):
            return f"a bound of the range cannot be ordered: {bound.reason}"
    if all(not isinstance(bound, Unorderable) and bound[1] != "introduced" for bound in placed):
        return "the range does not say where it begins"
    return ""


def _why_nothing(affected: osv.Affected) -> str:
    types = ", ".join(sorted({found.type for found in affected.ranges or ()}))
    if not types:
        return "neither versions nor ranges are given"
    return plain(f"ranges of type {types[:_MOST_WORD_CHARS]} are not evaluated")


def _limited(ordered: list[Bound]) -> Iterator[Interval]:
    """The intervals before the last of the limits."""
    limits = [bound for bound in ordered if bound[1] == "limit"]
    for interval in _intervals(ordered):
        if not limits:
            yield interval
            continue
        most = limits[-1][0]
        if interval.introduced_key >= most:
            continue
        if interval.fixed_key and interval.fixed_key <= most:
            yield interval
        else:
            yield msgspec.structs.replace(interval, fixed_key=most, fixed="")


def _intervals(ordered: list[Bound]) -> Iterator[Interval]:
    """Walk the bounds in their order: a beginning opens an interval, a fix or an end closes it."""
    groups = [
        (place, {kind: written for _, kind, written in group})
        for place, group in groupby(ordered, place_of)
    ]
    # [a, b) and [b, c) are one range, and [b, b) is none
    groups = [(place, at) for place, at in groups if not at.keys() >= {"introduced", "fixed"}]
    fixes = [(place, at["fixed"]) for place, at in groups if "fixed" in at]
    begun: tuple[str, str] | None = None
    for place, at in groups:
        if "introduced" in at and begun is None:
            begun = (place, at["introduced"])
        if begun is None:
            continue
        if "fixed" in at:
            yield Interval(place, at["fixed"], *begun)
            begun = None
        elif "last_affected" in at:
            fix = next((one for one in fixes if one[0] > place), ("", ""))
            yield Interval(*fix, *begun, place, at["last_affected"])
            begun = None
    if begun is not None:
        yield Interval("", "", *begun)


def evaluate(affected: Affected, ecosystem: str, version: str) -> Judged:
    """What `affected` says of `version`: as `ranges.judge` of the record it was made from."""
    place = key(order_of(ecosystem, "SEMVER"), version)
    if version in affected.versions:
        return Judged(State.AFFECTED, plain(f'"{version}" is listed'))
    if affected.listed_only:
        return _by_list(affected, ecosystem, version, place)
    if isinstance(place, Unorderable):
        return Judged(State.NOT_CHECKED, plain(place.reason))
    found = holding(affected, place)
    if found is not None:
        return Judged(State.AFFECTED, plain(_inside(found, version)), found.fixed or None)
    if affected.unchecked:
        return Judged(State.NOT_CHECKED, plain(affected.unchecked))
    return Judged(State.NOT_AFFECTED, plain(_outside(affected, version, place)))


def holding(affected: Affected, place: str) -> Interval | None:
    """The interval that holds the version with the key `place`."""
    for interval in affected.ranges:
        if place < interval.introduced_key:
            continue
        if interval.last_affected_key:
            if place <= interval.last_affected_key and _before_fix(interval, place):
                return interval
        elif _before_fix(interval, place):
            return interval
    return None


def _before_fix(interval: Interval, place: str) -> bool:
    return not interval.fixed_key or place < interval.fixed_key


def _inside(interval: Interval, version: str) -> str:
    until = f' and before "{interval.fixed}", which fixes it' if interval.fixed else (
        f' up to "{interval.last_affected}", the last that is affected'
        if interval.last_affected
        else "; no version fixes it"
    )  # fmt: skip
    return f'"{version}" is from "{interval.introduced}" on{until}'


def _outside(affected: Affected, version: str, place: str) -> str:
    passed = [one for one in affected.ranges if place >= one.introduced_key]
    if not passed:
        return f'"{version}" is before every bound'
    last = passed[-1]
    if last.fixed and place >= last.fixed_key:
        return f'"{version}" is not before "{last.fixed}", which fixes it'
    if last.last_affected:
        return f'"{version}" is after "{last.last_affected}", the last that is affected'
    return f'"{version}" is outside of every range'


def _by_list(affected: Affected, ecosystem: str, version: str, place: str | Unorderable) -> Judged:
    """Another spelling of a listed version is the same version."""
    if not affected.versions:
        return Judged(State.NOT_CHECKED, plain(affected.unchecked))
    for listed in affected.versions if isinstance(key(ecosystem, version), str) else ():
        if key(ecosystem, listed) == place:
            return Judged(State.AFFECTED, plain(f'"{version}" is listed as "{listed}"'))
    return Judged(State.NOT_AFFECTED, plain(f'"{version}" is not among the listed versions'))


def _own_words(affected: osv.Affected) -> dict[str, str]:
    """The statements that OSV has no word for, where one of our feeds made them."""
    for place in (affected.database_specific, affected.ecosystem_specific):
        own = (place or {}).get("secure")
        if isinstance(own, dict):
            return {str(k): v[:_MOST_WORD_CHARS] for k, v in own.items() if isinstance(v, str)}
    return {}


def _severity(affected: osv.Affected) -> Iterator[tuple[str, str]]:
    for one in affected.severity or ():
        yield one.type, one.score
    for place in (affected.ecosystem_specific, affected.database_specific):
        for name in _VENDOR_WORDS:
            word = (place or {}).get(name)
            if isinstance(word, str) and word:
                yield name, word[:_MOST_WORD_CHARS]


def _qualifiers(affected: osv.Affected) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    specific = affected.ecosystem_specific or {}
    inner = specific.get("affects")  # RustSec has its own there
    for place in (inner if isinstance(inner, dict) else {}, specific):
        for name in _QUALIFIERS:
            words = _words(place.get(name))
            if words:
                found[name] = words
    return found


def _words(value: object) -> tuple[str, ...]:
    given = value if isinstance(value, list) else [value]
    words = [one[:_MOST_WORD_CHARS] for one in given if isinstance(one, str) and one]
    return tuple(words[:_MOST_WORDS])
