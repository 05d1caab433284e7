"""Gentoo's versions: 1.2.03b_rc1_p20240101-r2.

As apk's, which came from it, except: zeros at the end of a number that begins with 0 do not count
(1.1 = 1.10 only for those: 1.010 = 1.01), and a missing suffix number or revision is 0.

Source: Package Manager Specification 8, section 3.3, algorithms 3.1 to 3.7.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.unorderable import Unorderable, unorderable

_PRE, _END, _POST, _LETTER, _TEXT = "\x01", "\x02", "\x03", "\x04", "\x05"
_SUFFIXES = {"alpha": _PRE + "0", "beta": _PRE + "1", "pre": _PRE + "2", "rc": _PRE + "3",
             "p": _POST}  # fmt: skip
_form = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*+)([a-z]?)((?:_(?:alpha|beta|pre|rc|p)[0-9]*)*+)(?:-r([0-9]+))?"
).fullmatch
_suffixes = re.compile(r"_([a-z]+)([0-9]*)").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Gentoo package."""
    found = _form(version)
    if found is None:
        return unorderable(version, "is no Gentoo version")
    first, rest, letter, suffixes, revision = found.groups(default="")
    told = number(first) + "".join(map(_number, rest.split(".")[1:]))
    told += _LETTER + letter if letter else ""
    told += "".join(_SUFFIXES[name] + number(count) for name, count in _suffixes(suffixes))
    return told + _END + number(revision)


def _number(digits: str) -> str:
    # Text that begins with 0 comes before all numbers that do not.
    return _TEXT + digits.rstrip("0") if digits[0] == "0" else number(digits)
