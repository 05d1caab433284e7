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
from secure.vulns.versions.unorderable import Unorderable, unorderable

_EARLY_WORD, _EARLY, _ZERO_THEN_EARLY, _END = "\x01", "\x02", "\x03", "\x04"
_LATE_WORD, _SP, _OTHER, _DEEPER, _AFTER_HYPHEN, _AFTER_DOT = map(chr, range(5, 11))
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
        return unorderable(version, "is no Maven version")
    told: list[tuple[bool, str]] = []
    for opens, token in _tokens(version.lower()):
        if opens:
            # What means nothing is left out at the end and before a hyphen: 1.0.0-rc is 1-rc. The
            # list it opened remains, which makes 1-ga-1 less than 1-1.
            depth = _trim(told)
            told.append((True, token if token[0] <= _END else _DEEPER * depth + token))
            continue
        if token[0] == _EARLY_WORD:
            _lower_zeros(told)
        told.append((False, token))
    _trim(told)
    return "".join(token for _, token in told) + _END


def _trim(told: list[tuple[bool, str]]) -> int:
    """Leave out the tokens at the end that mean nothing, and count the lists they opened."""
    opened = 0
    while told and told[-1][1].lstrip(_DEEPER) in _NULLS:
        opened += told.pop()[0]
    return opened


def _lower_zeros(told: list[tuple[bool, str]]) -> None:
    """Zeros equal the end and "alpha" does not: 1.0.0.alpha.1 comes before 1."""
    place = len(told)
    while place and told[place - 1][1] in _NULLS[:2]:
        place -= 1
        told[place] = (told[place][0], _ZERO_THEN_EARLY)


def _tokens(version: str) -> Iterator[tuple[bool, str]]:
    """Each token with its rank, and whether it opens a list, as a hyphen does; empty is 0."""
    opens, wanted, first = False, True, True  # wanted: at the start, or behind a dot or hyphen
    parts = _parts(version)
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if part in ".-":
            if wanted:
                yield opens, (_AFTER_HYPHEN if opens else _AFTER_DOT) + _ZERO
            opens, wanted, first = part == "-", True, False
            continue
        opens = opens or not wanted
        if part.isdigit():
            yield opens, (_AFTER_HYPHEN if opens else _AFTER_DOT) + number(part)
        else:
            word = _SHORT.get(part, part) if following.isdigit() else part
            between = not opens and (first or following in (".", "-"))
            yield (False, _between(word)) if between else (True, _qualifier(word))
        opens, wanted, first = False, False, False


def _qualifier(word: str) -> str:
    return _KNOWN.get(word, _OTHER + word)


def _between(word: str) -> str:
    """A word at the start, or between a dot and a dot or hyphen: of the numbers' own list."""
    known = _qualifier(word)
    if known == _END:
        return known
    return (_EARLY_WORD if known[0] == _EARLY else _LATE_WORD) + known
