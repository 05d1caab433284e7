"""Semantic versions: npm, crates.io, Hex, Swift, Julia, GitHub Actions and others.

Read as leniently as npm's loose mode: a `v` in front, a missing hyphen, leading zeros; and any
count of numbers, of which missing ones are 0. Build metadata does not count.

Source: semver.org 2.0.0, section 11. The oracles are npm's `semver` and Go's x/mod/semver.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable, unorderable

_END, _PRE, _NUMBER, _TEXT, _RELEASE = "\x01", "\x02", "\x03", "\x04", "\x05"
_ZERO = number("")
_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*+"
_form = re.compile(
    rf"\s*[vV=]*+([0-9]+(?:\.[0-9]+)*+)(?:-?({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS})?)?\s*"
).fullmatch


def key(version: str) -> str | Unorderable:
    """The sort key of a semantic version."""
    return ranked(version)[0]


def ranked(version: str) -> tuple[str | Unorderable, str]:
    """The sort key, and the build metadata as it was written."""
    found = _form(version) if version.isascii() else None
    if found is None:
        return unorderable(version, "is no semantic version"), ""
    core, pre, build = found.groups(default="")
    numbers = core.split(".")
    while len(numbers) > 3 and not numbers[-1].strip("0"):
        numbers.pop()
    told = "".join(map(_number, numbers)) + _ZERO * (3 - len(numbers))
    return told + (_PRE + identifiers(pre) if pre else _RELEASE), build


def identifiers(text: str) -> str:
    """Identifiers between dots: numbers before texts, fewer before more."""
    return "".join(map(_identifier, text.split("."))) + _END


def _ranked(text: str) -> str:
    return _NUMBER + number(text) if text.isdigit() else _TEXT + text


_number = Ranks(number).__getitem__
_identifier = Ranks(_ranked).__getitem__
