"""Versions of programs that no package database knows, from strings in the programs themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

_PLACE = re.compile(rb"<(v\d?)(?:\|([^>]*))?>")
# In a program a third of the bytes are NUL: "\0", then "3." is searched as "3.", with "\0" before.
_AFTER_NUL = re.compile(rb"\A\\0\(\?P<version>(\d\\.)")
_NUMBERS = re.compile(rb"\d+(?:\.\d+)*")
# <v> any dotted version, <v3> three numbers, <v2> two or three; after "|" what may follow.
_VERSIONS = {b"v": rb"\d+(?:\.\d+)+", b"v2": rb"\d+\.\d+(?:\.\d+)?", b"v3": rb"\d+\.\d+\.\d+"}
CONTEXT = 1024  # bytes: no pattern matches more
_NEARBY = 256


class Classifier(msgspec.Struct, frozen=True):
    """How one program is told by name and content.

    Args:
        name: of the package.
        files: last components of paths. "#" stands for a version or number ("python#" is python,
            python3 and python3.11); "NAME-*" for anything after the first dash.
        find: patterns, the best first; each has one <v>, <v2> or <v3>. Those that begin with
            fixed bytes (but NUL: there are too many) are found ten times faster; to the others
            such a pattern that fits nearby can be given: (nearby, pattern).
        cpe: "vendor:product" of the National Vulnerability Database; "" without one.
        path: the path must hold this too.
        family: of the classifiers of one family only the first that matches counts.
        says_name: the version must begin with the number in the file name.
        type, namespace: of the purl.
    """

    name: str
    files: tuple[str, ...]
    find: tuple[bytes | tuple[bytes, bytes], ...]
    cpe: str = ""
    path: bytes = b""
    family: str = ""
    says_name: bool = False
    type: str = "generic"
    namespace: str = ""


def _version(place: re.Match[bytes]) -> bytes:
    more = b"(?:" + place[2] + b")?" if place[2] else b""
    return b"(?P<version>" + _VERSIONS[place[1]] + more + b")"


def keys(last: bytes) -> tuple[bytes, ...]:
    """Under which entries of `files` a file of this name is found."""
    plain = _NUMBERS.sub(b"#", last)
    bare = plain.removesuffix(b"#").rstrip(b"-.")
    return (last, plain, bare + b"#", last.partition(b"-")[0] + b"-*")


def lone(
    majors: str, after: bytes = rb"", *, before: bytes = rb"\x20-\x7e", end: bytes = rb"\0"
) -> tuple[bytes, ...]:
    """Patterns for a version of three numbers that stands alone, one for each major version.

    So each begins with fixed bytes: a hundred MiB are searched in 40 ms instead of 3 s.

    Args:
        majors: e.g. "1 2 3".
        after: a pattern for what may follow and belongs to the version.
        before: a character class; none of it stands before the version.
        end: what follows the version.
    """
    return tuple(
        b"(?P<version>%b\\.(?<![%b]%b\\.)\\d+\\.\\d+(?:%b)?)%b" % (one, before, one, after, end)
        for one in majors.encode().split()
    )


def by_file(classifiers: Iterable[Classifier]) -> dict[bytes, list[Classifier]]:
    """Classifiers under each of their files."""
    found: dict[bytes, list[Classifier]] = {}
    for one in classifiers:
        for name in one.files:
            key = name.encode()
            found.setdefault(_NUMBERS.sub(b"#", key) if b"#" in key else key, []).append(one)
    return found


def matches(where: bytes | tuple[bytes, bytes], content: bytes) -> Iterator[re.Match[bytes]]:
    """All places where one of `Classifier.find` fits."""
    nearby, pattern = (b"", where) if isinstance(where, bytes) else where
    pattern = _AFTER_NUL.sub(rb"(?P<version>\1(?<=\\x00\1)", _PLACE.sub(_version, pattern))
    compiled = re.compile(pattern, re.DOTALL)
    if not nearby:
        yield from compiled.finditer(content)
        return
    for found in re.finditer(nearby, content):
        at = found.start()
        yield from compiled.finditer(content[max(0, at - _NEARBY) : at + _NEARBY])


def number_in(last: bytes) -> bytes:
    """The first number of a file name, e.g. b"3.11" of libpython3.11.so.1.0."""
    match = _NUMBERS.search(last)
    return match[0] if match else b""
