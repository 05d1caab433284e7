"""RPM versions: [epoch:]version[-release].

Runs of letters and runs of digits, whatever separates them; a number comes after letters. `~`
comes before the end, `^` after the end and before anything else.

Source: rpm, rpmio/rpmvercmp.c and rpm-version(7). The oracle is `rpm.vercmp` in rpm's Lua.
"""

from __future__ import annotations

import re
from functools import lru_cache

from secure.vulns.versions.number import number
from secure.vulns.versions.unorderable import Unorderable

_TILDE, _END, _CARET, _LETTERS = "\x01", "\x02", "\x03", "\x04"
_NO_RELEASE = "\x01"  # before every release, also the empty one
_parts = re.compile(r"[0-9]+|[A-Za-z]+|[~^]").findall
_epoch = re.compile(r"([0-9]*):").match


def key(version: str) -> str | Unorderable:
    """The sort key of an epoch, version and release; anything is orderable but an empty string."""
    if not version:
        return Unorderable("an empty string is no RPM version")
    epoch = ""
    # As rpm: what is not all digits before the colon is part of the version.
    if ":" in version and (found := _epoch(version)):
        epoch, version = found[1], version[found.end() :]
    version, hyphen, release = version.rpartition("-") if "-" in version else (version, "", "")
    told = number(epoch) + "".join(map(_ranked, _parts(version))) + _END
    if not hyphen:
        return told + _NO_RELEASE
    return told + _END + "".join(map(_ranked, _parts(release))) + _END


@lru_cache(4096)
def _ranked(part: str) -> str:
    if part.isdigit():
        return number(part)
    if part == "~":
        return _TILDE
    return _CARET if part == "^" else _LETTERS + part
