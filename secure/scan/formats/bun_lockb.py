"""bun.lockb, the binary lock file of bun before 1.2: columns of packages, then six buffers.

    42 bytes  "#!/usr/bin/env bun", "bun-lockfile-format-v0", each with a line end
     4        format: 2, or 3 since bun 1.2.20 (numbers of versions have eight bytes then)
    32        a hash of what it asks for
     8        bytes in use
    48        packages, alignment, fields, and where the columns begin and end
              columns: names, their hashes, resolutions, slices of dependencies, …
    six times where the buffer begins and ends, a comment, the buffer: trees, two lists of
              numbers, dependencies, other texts, and the bytes of all texts

All numbers are little-endian, all places count from the start of the file. A text takes eight
bytes: itself, or (last bit set) where it begins in the last buffer, and its length.

Sources: oven-sh/bun, src/install/lockfile/bun.lockb.zig, resolution.zig, Package/Meta.zig.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import msgspec

from secure.errors import DocumentError
from secure.facts.location import text
from secure.scan.formats.npm import LockedNpm

_MAGIC = b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n"
_HEAD = struct.Struct("<I32x6Q")  # format, bytes in use, then as drawn above
_NUMBERS = {2: struct.Struct("<3I4x"), 3: struct.Struct("<3Q")}
_META_BYTES, _INTEGRITY_AT, _DEPENDENCY_BYTES, _BUFFERS = 88, 20, 26, 6
_NEEDED = (b"\x02", b"\x04")  # an ordinary and an optional dependency; others are peers
_LONGEST_TEXT = 4_096  # bytes; an address
_MOST_TEXT = 4  # of the size of the file; real ones have less than one
_NPM, _GITHUB, _GIT, _ARCHIVE = 2, 16, 32, 80
_OF_THE_PROJECT = frozenset({1, 4, 8, 64, 72})  # root, folder, local archive, link, workspace
_ALGORITHMS = {1: ("sha1", 20), 2: ("sha256", 32), 3: ("sha384", 48), 4: ("sha512", 64)}


class _Tables(msgspec.Struct):
    """Where things are.

    Args:
        columns: where each column begins that is read: names, resolutions, slices of
            dependencies, meta.
        numbers: of a version.
        dependencies, texts: the two buffers.
        left: bytes of texts that may still be read: several may be one text, as long as a path.
    """

    content: bytes
    count: int
    columns: tuple[int, int, int, int]
    numbers: struct.Struct
    dependencies: bytes
    texts: bytes
    left: int


def locked_packages(content: bytes) -> Iterator[LockedNpm]:
    """What the file asks for, without what is a part of the project.

    Raises:
        DocumentError: no such file, cut off, or it contradicts itself; what came before is good.
    """
    try:
        tables = _tables(content)
        left = len(tables.dependencies) // _DEPENDENCY_BYTES
        for number in range(tables.count):
            first, count = struct.unpack_from("<2I", content, tables.columns[2] + 8 * number)
            # Real slices do not overlap; those of a made-up file could take square time.
            left -= count
            if left < 0:
                raise DocumentError("a damaged lock file of bun: too many dependencies")
            needs = _needs(tables, range(first, first + count))
            if (locked := _locked(tables, number, needs)) is not None:
                yield locked
    except struct.error as cause:
        raise DocumentError("a damaged lock file of bun: it ends too early") from cause


def _tables(content: bytes) -> _Tables:
    if not content.startswith(_MAGIC):
        raise DocumentError("is no binary lock file of bun")
    version, used, count, _, _, begin, end = _HEAD.unpack_from(content, len(_MAGIC))
    if version not in _NUMBERS:
        raise DocumentError(f"is a lock file of bun in format {version}; 2 and 3 are read")
    numbers = _NUMBERS[version]
    resolution_bytes = 48 + numbers.size
    if used > len(content) or not begin <= end <= used:
        raise DocumentError("a damaged lock file of bun: it ends too early")
    if count * (24 + resolution_bytes + 8 + _META_BYTES) > end - begin:
        raise DocumentError(f"a damaged lock file of bun: no room for {count} packages")
    resolutions = begin + 16 * count
    slices = resolutions + resolution_bytes * count
    buffers = list(_buffers(content, end))
    return _Tables(
        content,
        count,
        (begin, resolutions, slices, slices + 16 * count),
        numbers,
        dependencies=buffers[3],
        texts=buffers[5],
        left=_MOST_TEXT * len(content),
    )


def _buffers(content: bytes, at: int) -> Iterator[bytes]:
    for _ in range(_BUFFERS):
        begin, end = struct.unpack_from("<2Q", content, at)
        if not at < begin <= end <= len(content):
            raise DocumentError("a damaged lock file of bun: a buffer is not where it should be")
        yield content[begin:end]
        at = end


def _needs(tables: _Tables, numbers: range) -> tuple[str, ...]:
    found = []
    for number in numbers:
        at = _DEPENDENCY_BYTES * number
        if tables.dependencies[at + 16 : at + 17] in _NEEDED:
            found.append(_text(tables, tables.dependencies, at))
    return tuple(found)


def _locked(tables: _Tables, number: int, needs: tuple[str, ...]) -> LockedNpm | None:
    content, (names, resolutions, _, metas) = tables.content, tables.columns
    at = resolutions + (48 + tables.numbers.size) * number
    kind, value = content[at], at + 8
    if kind in _OF_THE_PROJECT:
        return None
    name = _text(tables, content, names + 8 * number)
    integrity = _integrity(content, metas + _META_BYTES * number + _INTEGRITY_AT)
    if kind == _NPM:
        version = _version(tables, value + 8)
        return LockedNpm(name, version, integrity=integrity, needs=needs)
    return LockedNpm(
        name, "", address=_address(tables, kind, value), integrity=integrity, needs=needs
    )


def _address(tables: _Tables, kind: int, value: int) -> str:
    first, *rest = (_text(tables, tables.content, value + 8 * n) for n in range(4))
    if kind == _ARCHIVE:
        return first
    repository, _, resolved = rest
    if kind == _GITHUB:  # resolved is the folder in its archive: OWNER-REPOSITORY-COMMIT
        return f"github:{first}/{repository}#{resolved.rpartition('-')[2]}"
    if kind == _GIT:
        return f"git+{repository.removeprefix('git+')}#{resolved}"
    raise DocumentError(f"a damaged lock file of bun: no package is of kind {kind}")


def _version(tables: _Tables, at: int) -> str:
    numbers = tables.numbers.unpack_from(tables.content, at)
    before = _text(tables, tables.content, at + tables.numbers.size)
    build = _text(tables, tables.content, at + tables.numbers.size + 16)
    version = ".".join(map(str, numbers))
    return version + (f"-{before}" if before else "") + (f"+{build}" if build else "")


def _integrity(content: bytes, at: int) -> str:
    algorithm, width = _ALGORITHMS.get(content[at], ("", 0))
    digest = base64.b64encode(content[at + 1 : at + 1 + width]).decode()
    return f"{algorithm}-{digest}" if algorithm else ""


def _text(tables: _Tables, where: bytes, at: int) -> str:
    raw = where[at : at + 8]
    if len(raw) < 8:
        raise DocumentError("a damaged lock file of bun: it ends too early")
    if raw[7] < 0x80:  # the bit that says where the text is
        return text(raw.rstrip(b"\0"))
    begin, length = struct.unpack("<2I", raw)
    length &= 0x7FFF_FFFF
    if length > _LONGEST_TEXT or begin + length > len(tables.texts):
        raise DocumentError("a damaged lock file of bun: a text is not where it should be")
    tables.left -= length
    if tables.left < 0:
        raise DocumentError(
            "a damaged lock file of bun: more text than a file of its size can have"
        )
    return text(tables.texts[begin : begin + length])
