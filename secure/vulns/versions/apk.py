"""Alpine, Wolfi and Chainguard versions: 1.2.3b_rc1_git20240101~c0ffee-r4.

Numbers, a letter, suffixes (four come before the end, five after it), the hash of a commit, and
the package's own revision. A number after a dot that begins with 0 is compared as text, as Gentoo
does. What apk would refuse is ordered by what can be read of it, the rest coming before the end.

Source: apk-tools, src/version.c and doc/apk-package.5. Cases: apk-tools' test/unit/version.data.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable

# In the order of what may follow in a version; what ends earlier comes first.
_PRE, _WRONG, _END, _REVISION, _HASH, _SUFFIX_NUMBER, _POST, _LETTER, _TEXT = map(chr, range(1, 10))
_SUFFIXES = {
    name: mark + chr(0x20 + place)
    for mark, names in ((_PRE, "alpha beta pre rc"), (_POST, "cvs svn git hg p"))
    for place, name in enumerate(names.split())
}
_pieces = re.compile(
    r"\.?[0-9]+|\.|[a-z]|_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*"
    r"|~[0-9a-f]+|-r[0-9]*(?=-|$)|.+",
    re.DOTALL,
).findall
_valid = re.compile(
    r"[0-9]+(?:\.[0-9]+)*+[a-z]?(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*+"
    r"(?:~[0-9a-f]+)?(?:-r[0-9]+)?"
).fullmatch
_suffix = re.compile(r"_([a-z]+)([0-9]*)").fullmatch


def key(version: str) -> str | Unorderable:
    """The sort key of an apk version; anything is orderable but an empty string."""
    if not version:
        return Unorderable("an empty string is no apk version")
    # A dot begins a part wherever it stands; splitting is four times as fast as a pattern.
    return "".join(map(_rank, version.replace(".", " .").split(" "))) + _END


def is_valid(version: str) -> bool:
    """Whether apk would take this for the version of a package."""
    return _valid(version) is not None


def _ranked(part: str) -> str:
    """What stands from one dot to the next."""
    return "".join(map(_piece, _pieces(part))) if part else _WRONG


def _piece(part: str) -> str:
    """One number, letter, suffix, commit or revision, its rank first."""
    if part[0] in "0123456789":
        return number(part)
    if part[0] == "." and len(part) > 1 and part[1] in "0123456789":
        # Text that begins with 0 comes before all numbers that do not.
        return _TEXT + part[1:] if part[1] == "0" else number(part[1:])
    if len(part) == 1 and part.islower():
        return _LETTER + part
    if found := _suffix(part):
        name, digits = found.groups()
        if name in _SUFFIXES:
            return _SUFFIXES[name] + (_SUFFIX_NUMBER + number(digits) if digits else "")
    return _rest(part)


def _rest(part: str) -> str:
    """A commit, a revision, or what apk would refuse."""
    if part.startswith("~") and len(part) > 1:
        return _HASH + part[1:]
    if part.startswith("-r") and not part[2:].strip("0123456789"):
        return _REVISION + number(part[2:])
    return _WRONG


_rank = Ranks(_ranked).__getitem__
