"""Debian and Ubuntu versions: [epoch:]upstream[-revision].

Text and numbers in turn; in text `~` comes before the end, the end before letters, letters before
all else; a missing number is 0, and so is a missing revision.

Source: deb-version(7); Debian policy 5.6.12. The oracle is `dpkg --compare-versions`.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable, unorderable

_END = "\x02"
_ZERO = number("")
_REVISION = "\x80"  # stands for the hyphen before the revision; versions are ASCII
_LETTERS = {c: chr(c) if chr(c).isalpha() else chr(0x80 + c) for c in range(0x80)} | {0x7E: "\x01"}
_parts = re.compile(r"[^0-9]*[0-9]+|[^0-9]+").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a dpkg version."""
    if not version.isascii():
        return unorderable(version, "has letters that no Debian version has")
    epoch = _ZERO
    if ":" in version:
        digits, _, version = version.partition(":")
        if not digits.isdigit():
            return unorderable(f"{digits}:{version}", "has an epoch that is no number")
        epoch = number(digits)
    if not version:
        return Unorderable("an empty string is no Debian version")
    upstream, hyphen, revision = version.rpartition("-")
    told = upstream + _REVISION + revision if hyphen else version + _REVISION + "0"
    return epoch + "".join(map(_rank, _parts(told))) + _END


def _ranked(part: str) -> str:
    """A text with its end, if there is one, and a number; where the revision begins, two texts."""
    text = part.rstrip("0123456789")
    digits = part[len(text) :]
    before, revision, after = text.partition(_REVISION)
    told = before.translate(_LETTERS) + _END if before else ""
    if revision:
        # Upstream ends: behind a text with the number 0 that is not written, and an empty text.
        told += (_ZERO if before else "") + _END
        told += after.translate(_LETTERS) + _END if after else ""
    return told + number(digits)


_rank = Ranks(_ranked).__getitem__
