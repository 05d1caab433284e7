"""RPM versions: [epoch:]version[-release].

Runs of letters and runs of digits, whatever separates them; a number comes after letters. `~`
comes before the end, `^` after the end and before anything else.

Source: rpm, rpmio/rpmvercmp.c and rpm-version(7). The oracle is `rpm.vercmp` in rpm's Lua.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable

_END, _LETTERS = "\x02", "\x04"
# A release that is missing comes before every other, also before an empty one.
_NO_RELEASE, _RELEASE = "\x01", "\x02"
_MARKS = {"~": "\x01", "^": "\x03", "-": _END + _RELEASE}
_KEPT = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~^-"
_ZERO = number("")
_BLANKED = bytes(byte if byte in _KEPT else 0x20 for byte in range(256))
_pieces = re.compile(r"[0-9]+|[A-Za-z]+|[~^-]").findall


def key(version: str) -> str | Unorderable:
    """The sort key of an epoch, version and release; anything is orderable but an empty string."""
    if not version:
        return Unorderable("an empty string is no RPM version")
    epoch = _ZERO
    # As rpm: what is not all digits before the colon is part of the version.
    if ":" in version:
        digits, _, rest = version.partition(":")
        if not digits.strip("0123456789"):
            epoch, version = number(digits), rest
    # On bytes, for a table of 256 and a split are the fastest way to the parts.
    name, hyphen, release = version.encode().translate(_BLANKED).rpartition(b"-")
    if not hyphen:
        return epoch + "".join(map(_rank, release.split())) + _END + _NO_RELEASE
    if b"-" in name:
        name = name.replace(b"-", b" ")
    return epoch + "".join(map(_rank, b" - ".join((name, release)).split())) + _END


def _ranked(part: bytes) -> str:
    """What stands between two separators: numbers, letters and marks; or the release's hyphen."""
    return "".join(map(_piece, _pieces(part.decode("ascii"))))


def _piece(text: str) -> str:
    if text.isdigit():
        return number(text)
    return _MARKS.get(text) or _LETTERS + text


_rank = Ranks[bytes](_ranked).__getitem__
