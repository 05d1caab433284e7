"""Arch Linux's versions: [epoch:]version[-release].

As rpm had it, with two differences: letters at the end come before the end (1.0rc before 1.0), and
the count of separators is compared. A separator at the end has no place: "1.2" < "1..a" < "1." <
"1.2" to pacman. A missing release equals any to pacman, which is no order either; here it comes
first, so that "fixed in 1.2" holds for 1.2-1.

Source: pacman, lib/libalpm/version.c and vercmp(8). The oracle is libalpm's alpm_pkg_vercmp.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable, unorderable

_LETTERS_AT_ONCE, _END, _SEPARATOR, _LETTERS = "\x01", "\x02", "\x20", "\x03"
_NO_RELEASE, _RELEASE = "\x01", "\x02"
_form = re.compile(r"(?:([0-9]*):)?([^-]*[0-9A-Za-z])(?:-([^-]*[0-9A-Za-z]))?").fullmatch
_parts = re.compile(r"[^0-9A-Za-z]*(?:[0-9]+|[A-Za-z]+)").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a version of an Arch Linux package."""
    found = _form(version) if version.isascii() else None
    if found is None:
        return unorderable(version, "is no version of pacman, or ends in a separator")
    epoch, name, release = found.groups()
    told = number(epoch or "") + _told(name)
    return told + (_NO_RELEASE if release is None else _RELEASE + _told(release))


def _told(text: str) -> str:
    return "".join(map(_rank, _parts(text))) + _END


def _ranked(part: str) -> str:
    """Separators, one mark each; then letters or a number."""
    run = part.lstrip("".join(c for c in part if not c.isalnum()))
    separators = _SEPARATOR * (len(part) - len(run))
    if run.isdigit():
        return separators + number(run)
    return separators + (_LETTERS if separators else _LETTERS_AT_ONCE) + run


_rank = Ranks(_ranked).__getitem__
