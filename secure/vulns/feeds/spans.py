"""Which versions are affected where a feed names conditions: cuts in the order of versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from secure.vulns.osv import Event
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable


class UnknownConditionError(ValueError):
    """A condition that is not understood; its text says why. A feed refuses the record for it."""


class Cut(msgspec.Struct, frozen=True, order=True):
    """A place between versions: before the one of this key, or right after it.

    Args:
        after: the version itself lies before the cut.
        version: as written; "" is before every version.
    """

    key: str
    after: bool
    version: str


Span = tuple[Cut, Cut | None]  # from a cut to the next; None is without an end

FIRST = Cut("", False, "")


def cut(ecosystem: str, version: str, *, after: bool = False) -> Cut:
    """The place of `version`; "0" is OSV's word for the beginning.

    Raises:
        UnknownConditionError: it has no place in the ecosystem's order.
    """
    if version == "0" and not after:
        return FIRST
    found = key(ecosystem, version)
    if isinstance(found, Unorderable):
        raise UnknownConditionError(found.reason)
    return Cut(found, after, version)


def between(conditions: Iterable[tuple[str, str]], ecosystem: str) -> Span:
    """The span in which every (operator, version) holds.

    Raises:
        UnknownConditionError: another operator than <, <=, =, >=, > or a version without a place.
    """
    start, end = FIRST, None
    for operator, version in conditions:
        if operator in (">=", ">", "="):
            start = max(start, cut(ecosystem, version, after=operator == ">"))
        if operator in ("<", "<=", "="):
            found = cut(ecosystem, version, after=operator != "<")
            end = found if end is None else min(end, found)
        if operator not in (">=", ">", "=", "<", "<="):
            raise UnknownConditionError(f'operator "{operator}"')
    return start, end


def outside(spans: Iterable[Span]) -> list[Span]:
    """What no span holds, in order."""
    found: list[Span] = []
    at: Cut | None = FIRST
    for start, end in sorted(spans, key=_start):
        if at is None:
            return found
        if at < start:
            found.append((at, start))
        at = None if end is None else max(at, end)
    return found if at is None else [*found, (at, None)]


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same versions in as few spans as possible, in order; empty spans fall away."""
    found: list[Span] = []
    for start, end in sorted(spans, key=_start):
        if end is not None and end <= start:
            continue
        last = found[-1] if found else None
        if last is None or (last[1] is not None and last[1] < start):
            found.append((start, end))
        elif last[1] is not None and (end is None or end > last[1]):
            found[-1] = (last[0], end)
    return found


def events(spans: Iterable[Span], after: Callable[[str], str]) -> tuple[Event, ...]:
    """Spans as OSV has them.

    Args:
        after: the least version after a given one, since OSV's `introduced` includes its version.
    """
    made: list[Event] = []
    for start, end in spans:
        begins = after(start.version) if start.after else start.version or "0"
        made.append(Event(introduced=begins))
        if end is not None:
            made.append(Event(last_affected=end.version) if end.after else Event(fixed=end.version))
    return tuple(made)


def _start(span: Span) -> Cut:
    return span[0]
