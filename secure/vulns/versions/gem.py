"""RubyGems' versions: 1.2.0.rc1; a part of letters makes a pre-release.

Numbers and texts in turn, a text before any number. Zeros at the end do not count, neither of all
nor of the numbers before the first text: an ended version goes on with zeros for ever.

Source: RubyGems, lib/rubygems/version.rb, `<=>` and `canonical_segments`.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable, unorderable

# A zero is more than the end if a number follows the run of zeros, less if a text does.
_TEXT, _ZERO_THEN_TEXT, _END, _ZERO_THEN_NUMBER = "\x03", "\x04", "\x05", "\x06"
_form = re.compile(r"\s*[0-9A-Za-z]+(?:[.+-][0-9A-Za-z]+)*+\s*").fullmatch
_parts = re.compile(r"[0-9]+|[A-Za-z]+").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a gem."""
    if not _form(version):
        return unorderable(version, "is no version of a gem")
    told = [_END]
    after = ""  # what a run of zeros is followed by; zeros at the end are left out
    for part in reversed(_parts(version.replace("-", ".pre."))):
        ranked = _rank(part)
        if ranked:
            # Zeros before the first text are left out as well: see the loop's end.
            told.append(ranked)
            after = _ZERO_THEN_TEXT if ranked[0] == _TEXT else _ZERO_THEN_NUMBER
        elif after:
            told.append(after)
    return "".join(reversed(_canonical(told)))


def _canonical(told: list[str]) -> list[str]:
    """Without the zeros that end the numbers before the first text; `told` runs backwards."""
    first = next((n for n in range(len(told) - 1, -1, -1) if told[n][0] == _TEXT), None)
    if first is None:
        return told
    zeros = first + 1
    while zeros < len(told) and told[zeros] == _ZERO_THEN_TEXT:
        zeros += 1
    return told[: first + 1] + told[zeros:]


def _ranked(part: str) -> str:
    """A number or a text; "" for a zero, whose rank depends on what follows."""
    if not part.isdigit():
        return _TEXT + part
    return number(part) if part.strip("0") else ""


_rank = Ranks(_ranked).__getitem__
