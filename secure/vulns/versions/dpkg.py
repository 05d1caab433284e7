"""Debian and Ubuntu versions: [epoch:]upstream[-revision].

Text and numbers in turn; in text `~` comes before the end, the end before letters, letters before
all else; a missing number is 0, and so is a missing revision.

Source: deb-version(7); Debian policy 5.6.12. The oracle is `dpkg --compare-versions`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from secure.vulns.versions.number import number
from secure.vulns.versions.unorderable import Unorderable

_END = "\x02"
_ZERO = number("")
_REVISION = "\x80"  # stands for the hyphen before the revision; versions are ASCII
_RANKS = {c: chr(c) if chr(c).isalpha() else chr(0x80 + c) for c in range(0x80)} | {0x7E: "\x01"}
_parts = re.compile(r"[0-9]+|[^0-9]+").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a dpkg version."""
    if not version.isascii():
        return Unorderable(f'"{version}" has letters that no Debian version has')
    epoch = ""
    if ":" in version:
        epoch, _, version = version.partition(":")
        if not epoch.isdigit():
            return Unorderable(f'"{epoch}:{version}" has an epoch that is no number')
    if not version:
        return Unorderable("an empty string is no Debian version")
    upstream, hyphen, revision = version.rpartition("-")
    parts = _parts(f"{upstream}{_REVISION}{revision}" if hyphen else f"{version}{_REVISION}0")
    tail = _END if parts[-1].isdigit() else _ZERO + _END
    return number(epoch) + "".join(map(_ranked, parts)) + tail


@lru_cache(4096)  # versions are made of few different parts
def _ranked(part: str) -> str:
    """One number, or one text with its end; where the revision begins, two texts."""
    if part.isdigit():
        return number(part)
    before, revision, after = part.partition(_REVISION)
    if not revision:
        return part.translate(_RANKS) + _END
    # Upstream ends: after a text with the number 0 that is not written, and the empty text.
    head = before.translate(_RANKS) + _END + _ZERO if before else ""
    return head + _END + (after.translate(_RANKS) + _END if after else "")
