"""npm's ranges, as advisories and lock files write them: "^1.2.3 || >=2.0.0-rc.1 <3 || 4.x".

A range is some sets of comparators; a version lies in it if all of one set hold. A pre-release lies
in it only if a comparator of that set names a pre-release of the same three numbers.

Source: npm's `semver`, README "Ranges". The oracle is that package, in its default mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import eq, ge, gt, le, lt

import msgspec

from secure.vulns.versions import semver
from secure.vulns.versions.unorderable import MAX_RANGE_CHARS, Unorderable, too_long, unorderable

_NUMBER = r"(?:0|[1-9][0-9]{0,15})"
_PARTIAL = (
    rf"[v=\s]*+({_NUMBER}|[xX*])(?:\.({_NUMBER}|[xX*])(?:\.({_NUMBER}|[xX*])"
    r"(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?)?)?"
)
_number_after_x = re.compile(r"[^+-]*[xX*]\.[0-9]").match
_hyphen = re.compile(rf"\s*+{_PARTIAL}\s++-\s++{_PARTIAL}\s*+").fullmatch
_simple = re.compile(rf"(~>?|\^|[<>]?=?){_PARTIAL}").fullmatch
_exact = re.compile(
    rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
).fullmatch
_after_operator = re.compile(r"([<>~^=])\s+").sub
_COMPARE: dict[str, Callable[[str, str], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge, "=": eq}

_Core = tuple[int, int, int]


class _Comparator(msgspec.Struct, frozen=True):
    """One bound. `core` is set for a pre-release that lets others of its numbers in."""

    operator: str
    key: str
    core: _Core | None = None

    def holds(self, key: str) -> bool:
        return _COMPARE[self.operator](key, self.key)


class _Partial(msgspec.Struct, frozen=True):
    """A version of which the end may be missing, as "1.x"."""

    numbers: tuple[int, ...]
    pre: str = ""

    def core(self) -> _Core:
        major, minor, patch = (*self.numbers, 0, 0, 0)[:3]
        return major, minor, patch

    def next(self, place: int) -> _Core:
        """The numbers with the one at `place` raised and those after it 0."""
        core = [*self.core()[:place], self.core()[place] + 1, 0, 0]
        return core[0], core[1], core[2]


def contains(text: str, version: str) -> bool | Unorderable:
    """Whether `version` lies in the range `text`, or why `text` is no range."""
    if len(text) > MAX_RANGE_CHARS:
        return too_long(text, MAX_RANGE_CHARS)
    sets = [_comparators(part) for part in text.split("||")]
    known = [found for found in sets if found is not None]
    if len(known) < len(sets):
        return unorderable(text, "is no range of npm")
    found = _exact(version)
    if found is None:
        return False
    major, minor, patch, pre = found.groups()
    key = str(semver.key(version))
    return any(
        all(one.holds(key) for one in comparators)
        and (
            not pre or any(one.core == (int(major), int(minor), int(patch)) for one in comparators)
        )
        for comparators in known
    )


def _comparators(text: str) -> list[_Comparator] | None:
    """The bounds of one set; None where it is no set."""
    if found := _hyphen(text):
        low, high = _partial(found.groups()[:4]), _partial(found.groups()[4:])
        return [*_bounds(">=", low), *_bounds("<=", high)]
    made: list[_Comparator] = []
    for word in _after_operator(r"\1", text).split():
        one = _simple(word)
        if one is None or (one[1] not in ("^", "~", "~>") and _number_after_x(word)):
            return None  # npm takes "~1.x.2", but not "1.x.2"
        made += _bounds(one[1], _partial(one.groups()[1:]))
    return made


def _partial(parts: tuple[str | None, ...]) -> _Partial:
    numbers: list[int] = []
    for part in parts[:3]:
        if part is None or part in "xX*":
            return _Partial(tuple(numbers))  # what follows an x means nothing
        numbers.append(int(part))
    return _Partial(tuple(numbers), parts[3] or "")


def _bounds(operator: str, partial: _Partial) -> Iterator[_Comparator]:
    """What an operator and a version, perhaps a partial one, ask for."""
    given = len(partial.numbers)
    if operator in ("^", "~", "~>"):
        yield from _up_to(partial, _caret_place(partial) if operator == "^" else min(given, 2) - 1)
    elif given == 3:
        yield _comparator(operator or "=", partial.core(), partial.pre)
    elif given == 0:
        if operator in ("<", ">"):
            yield _comparator("<", (0, 0, 0), "0")  # less or more than everything: nothing
    elif operator in ("", "="):
        yield from _up_to(partial, given - 1)
    elif operator == ">":
        yield _comparator(">=", partial.next(given - 1), "")
    elif operator == "<=":
        yield _comparator("<", partial.next(given - 1), "0")
    else:
        yield _comparator(operator, partial.core(), "0" if operator == "<" else "")


def _caret_place(partial: _Partial) -> int:
    """The place that ^ keeps: the first number that is not 0, or the last that is given."""
    places = (place for place, number in enumerate(partial.numbers) if number)
    return next(places, len(partial.numbers) - 1)


def _up_to(partial: _Partial, place: int) -> Iterator[_Comparator]:
    """From `partial` up to where its number at `place` changes; without a number, everything."""
    if partial.numbers:
        yield _comparator(">=", partial.core(), partial.pre)
        yield _comparator("<", partial.next(place), "0")


def _comparator(operator: str, core: _Core, pre: str) -> _Comparator:
    written = "{}.{}.{}".format(*core) + (f"-{pre}" if pre else "")
    return _Comparator(operator, str(semver.key(written)), core if pre else None)
