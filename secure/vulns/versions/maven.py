"""Maven's versions: tokens between dots, hyphens, and where letters and digits meet.

At each place a qualifier comes before a number after a hyphen, and that before a number after a
dot. Qualifiers: alpha, beta, milestone, rc, snapshot, the end ("", ga, final, release), sp, others.
A word between dots ("1.foo.2") comes before the same word after a hyphen.

Maven's own class is no order where such words meet others: it has 1.foo.2 < 1-alpha < 1 < 1.foo.2.
The key puts them with their like: alpha before the end, foo after it (docs/versions.md).

Source: maven.apache.org/pom.html#version-order-specification. The oracle is ComparableVersion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.vulns.versions.number import number
from secure.vulns.versions.unorderable import Unorderable

_EARLY_WORD, _EARLY, _ZERO_THEN_EARLY, _END = "\x01", "\x02", "\x03", "\x04"
_LATE_WORD, _SP, _OTHER, _AFTER_HYPHEN, _AFTER_DOT = "\x05", "\x06", "\x07", "\x08", "\x09"
_KNOWN = {word: _EARLY + chr(0x20 + place) for place, words in enumerate(
    ("alpha", "beta", "milestone", "rc cr", "snapshot")) for word in words.split()
} | {"ga": _END, "final": _END, "release": _END, "sp": _SP}  # fmt: skip
_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}  # only where a digit follows at once
_ZERO = number("")
_NULLS = (_AFTER_DOT + _ZERO, _AFTER_HYPHEN + _ZERO, _END)
_parts = re.compile(r"[0-9]+|[.-]|[^0-9.-]+").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Maven artifact."""
    if not version or not version.isascii() or not version.isprintable():
        return Unorderable(f'"{version}" is no Maven version')
    told: list[str] = []
    for token in _tokens(version.lower()):
        # What means nothing is left out at the end and before each hyphen: 1.0.0-rc is 1-rc.
        if token[0] in (_EARLY, _END, _SP, _OTHER, _AFTER_HYPHEN):
            _trim(told)
        elif token[0] == _EARLY_WORD:
            _lower_zeros(told)
        told.append(token)
    _trim(told)
    return "".join(told) + _END


def _trim(told: list[str]) -> None:
    while told and told[-1] in _NULLS:
        told.pop()


def _lower_zeros(told: list[str]) -> None:
    """Zeros equal the end and "alpha" does not: 1.0.0.alpha.1 comes before 1."""
    place = len(told)
    while place and told[place - 1] in _NULLS[:2]:
        place -= 1
        told[place] = _ZERO_THEN_EARLY


def _tokens(version: str) -> Iterator[str]:
    """Each token with its rank; an empty one is 0."""
    rank, wanted = "", True  # wanted: at the start, or behind a dot or hyphen
    parts = _parts(version)
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if part in ".-":
            if wanted:
                yield (rank or _AFTER_DOT) + _ZERO
            rank, wanted = (_AFTER_DOT if part == "." else _AFTER_HYPHEN), True
            continue
        if part.isdigit():
            yield (rank or _AFTER_DOT if wanted else _AFTER_HYPHEN) + number(part)
        else:
            word = _SHORT.get(part, part) if following.isdigit() else part
            between = wanted and (not rank or (rank == _AFTER_DOT and following in (".", "-")))
            yield _between(word) if between else _qualifier(word)
        wanted = False


def _qualifier(word: str) -> str:
    return _KNOWN.get(word, _OTHER + word)


def _between(word: str) -> str:
    """A word at the start, or between a dot and a dot or hyphen: of the numbers' own list."""
    known = _qualifier(word)
    if known == _END:
        return known
    return (_EARLY_WORD if known[0] == _EARLY else _LATE_WORD) + known
