"""Is this version affected? OSV's evaluation, with the reason, and with "not checked" as an answer.

A version is affected if it is listed or lies in a range. Ranges of commits (GIT) are not evaluated,
nor is a range whose bound, or a version that, has no place in the order. A range is the union of
its intervals: a fix and a beginning at the same version cancel each other.

Source: OSV schema 1.7, "Evaluation".
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import groupby

import msgspec

from secure.facts.plain import plain
from secure.vulns.osv import Affected, Event, Range
from secure.vulns.versions.ecosystems import family
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable


class State(StrEnum):
    """What is known of one version."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not affected"
    NOT_CHECKED = "not checked"


class Judged(msgspec.Struct, frozen=True):
    """The answer for one version of one affected package.

    Args:
        because: half a sentence that names the comparison, for people.
        fixed: the first version that fixes it, if the version is affected and the range says so.
    """

    state: State
    because: str
    fixed: str | None = None


ORDERED = ("ECOSYSTEM", "SEMVER")
_LEAST = ""  # before every key: the place of "introduced": "0"


def _answer(state: State, because: str, fixed: str | None = None) -> Judged:
    # Versions of packages and advisories are a stranger's text.
    return Judged(state, plain(because), fixed)


def judge(affected: Affected, version: str) -> Judged:
    """What `affected` says of `version`; its package's name is the caller's to compare."""
    versions = affected.versions or ()
    if version in versions:
        return _answer(State.AFFECTED, f'"{version}" is listed', _first_fix(affected, version))
    ecosystem = affected.package.ecosystem if affected.package else ""
    ranges = [found for found in affected.ranges or () if found.type in ORDERED]
    answers = [_within(found, ecosystem, version) for found in ranges]
    for state in (State.AFFECTED, State.NOT_CHECKED):
        for answer in answers:
            if answer.state is state:
                return answer
    if not ranges:
        return _by_list(affected, ecosystem, version)
    return (
        answers[0] if len(answers) == 1 else _answer(State.NOT_AFFECTED, "outside of every range")
    )


def _by_list(affected: Affected, ecosystem: str, version: str) -> Judged:
    """The answer where only versions are listed: another spelling of one of them is the same."""
    unread = [found.type for found in affected.ranges or ()]
    if not affected.versions:
        why = f"ranges of type {', '.join(sorted(set(unread)))} are not evaluated" if unread else (
            "neither versions nor ranges are given"
        )  # fmt: skip
        return _answer(State.NOT_CHECKED, why)
    wanted = key(ecosystem, version)
    for listed in affected.versions if isinstance(wanted, str) else ():
        if key(ecosystem, listed) == wanted:
            return _answer(State.AFFECTED, f'"{version}" is listed as "{listed}"')
    return _answer(State.NOT_AFFECTED, f'"{version}" is not among the listed versions')


def _within(found: Range, ecosystem: str, version: str) -> Judged:
    """Whether one ordered range holds `version`."""
    ecosystem = order_of(ecosystem, found.type)
    place = key(ecosystem, version)
    if isinstance(place, Unorderable):
        return _answer(State.NOT_CHECKED, place.reason)
    placed = list(bounds(found.events, ecosystem))
    for bound in placed:
        if isinstance(bound, Unorderable):
            return Judged(
                State.NOT_CHECKED, f"a bound of the range cannot be ordered: {bound.reason}"
            )
    ordered = sorted((b for b in placed if not isinstance(b, Unorderable)), key=place_of)
    if all(kind != "introduced" for _, kind, _ in ordered):
        return _answer(State.NOT_CHECKED, "the range does not say where it begins")
    limits = [bound for bound in ordered if bound[1] == "limit"]
    if limits and all(place >= limit for limit, _, _ in limits):
        return _answer(State.NOT_AFFECTED, f'"{version}" is not before the limit "{limits[-1][2]}"')
    return _walked(ordered, place, version)


Bound = tuple[str, str, str]  # the key, what it is, the version as written


def order_of(ecosystem: str, range_type: str) -> str:
    """The ecosystem whose order a range is in: SEMVER has one where the ecosystem has none."""
    return "npm" if range_type == "SEMVER" and family(ecosystem) is None else ecosystem


def place_of(bound: Bound) -> str:
    """Where the bound stands."""
    return bound[0]


def _walked(ordered: list[Bound], place: str, version: str) -> Judged:
    """Walk the bounds in their order: the last one that was passed decides."""
    holds, passed, fixed = False, "before every bound", None
    for bound, group in groupby(ordered, place_of):
        at = {kind: written for _, kind, written in group}
        if at.keys() >= {"introduced", "fixed"}:
            continue  # [a, b) and [b, c) are one range, and [b, b) is none
        if place < bound:
            fixed = fixed or at.get("fixed")
            continue
        if "introduced" in at:
            holds, passed = True, f'from "{at["introduced"]}" on'
        if "last_affected" in at and place > bound:
            holds, passed = False, f'after "{at["last_affected"]}", the last that is affected'
        if "fixed" in at:
            holds, passed = False, f'not before "{at["fixed"]}", which fixes it'
    if not holds:
        return _answer(State.NOT_AFFECTED, f'"{version}" is {passed}')
    until = f' and before "{fixed}", which fixes it' if fixed else "; no version fixes it"
    return _answer(State.AFFECTED, f'"{version}" is {passed}{until}', fixed)


def bounds(events: tuple[Event, ...], ecosystem: str) -> Iterator[Bound | Unorderable]:
    """Each event with its place; old records have two in one object."""
    for event in events:
        told = [(kind, getattr(event, kind)) for kind in Event.__struct_fields__]
        given = [(kind, written) for kind, written in told if written is not None]
        if not given:
            yield Unorderable("an event is of a kind that is not known here")
        for kind, written in given:
            if kind == "limit" and written == "*":
                continue  # the schema's word for no limit
            place = _LEAST if (kind, written) == ("introduced", "0") else key(ecosystem, written)
            yield place if isinstance(place, Unorderable) else (place, kind, written)


def _first_fix(affected: Affected, version: str) -> str | None:
    """The fix of a listed version, where an ordered range holds it as well."""
    ecosystem = affected.package.ecosystem if affected.package else ""
    answers = (_within(r, ecosystem, version) for r in affected.ranges or () if r.type in ORDERED)
    return next((answer.fixed for answer in answers if answer.fixed), None)
