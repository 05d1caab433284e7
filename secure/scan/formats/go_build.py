"""Build information that the Go linker puts into every program, stripped or not.

    magic "\\xff Go buildinf:"   14 bytes, at a multiple of 16 in the file
    size of a pointer            1 byte
    flags                        1 byte: 1 big endian, 2 the strings follow here (Go 1.18)
    (Go before 1.18)             two pointers to Go strings: (address, length) pairs
    (Go 1.18 and later)          at byte 32: two strings, each after its length as a varint

The first string is the Go version, the second the modules: lines between two 16-byte marks.

Sources: the package documentation of debug/buildinfo and runtime/debug.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from secure.oci.limits import KIB, MIB
from secure.scan.formats.elf import PF_W, PF_X, PT_LOAD, Elf
from secure.scan.formats.pieces import FormatError, NotKeptError

GO_MAGIC = b"\xff Go buildinf:"
ALIGNMENT = 16
# What stands round the module lines; runtime/debug.ReadBuildInfo cuts it off.
MODULES_MARK = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
_MODULES_END = bytes.fromhex("f932433186182072008242104116d8f2")
_INLINE = 2
_MARK = 16  # bytes before and after the module lines
MOST_MODULES = 4 * MIB  # Kubernetes' largest has 40 KiB
_MOST_VERSION = 1 * KIB
_MOST_LINES = 20_000


class GoModule(msgspec.Struct, frozen=True):
    """A module as the build used it: where one was replaced, `path` is what was asked for."""

    path: str
    version: str
    sum: str = ""
    replaced_by: tuple[str, str] = ("", "")  # path and version


class GoBuild(msgspec.Struct, frozen=True):
    """What a program says of its making.

    Args:
        go_version: as the linker wrote it: "go1.22.1", "go1.26.8 X:nodwarf5", "devel …".
        path: import path of the main package; "" for a program built without modules.
        settings: `build` lines: flags and version control, e.g. "vcs.revision".
    """

    go_version: str
    path: str = ""
    main: GoModule | None = None
    modules: tuple[GoModule, ...] = ()
    settings: dict[str, str] = {}


def find_build(elf: Elf) -> GoBuild | None:
    """The build information of a program; None where no Go linker made it.

    Raises:
        FormatError: it is there but damaged, or not kept.
    """
    for offset, content in _places(elf):
        at = content.find(GO_MAGIC)
        while at >= 0:
            if (offset + at) % ALIGNMENT == 0:
                return _build(elf, offset + at)
            at = content.find(GO_MAGIC, at + 1)
    return None


def _places(elf: Elf) -> Iterator[tuple[int, bytes]]:
    """Where to look: the section of that name, else whatever was kept of writable segments."""
    section = elf.section(b".go.buildinfo")
    if section is not None:
        yield section.offset, elf.pieces.read(section.offset, min(section.size, 64 * KIB))
        return
    if elf.sections:
        return
    for one in elf.segments:
        if one.type != PT_LOAD or one.flags & (PF_X | PF_W) != PF_W:
            continue
        for start, content in elf.pieces.ranges():
            first, last = max(one.offset, start), min(one.offset + one.filesz, start + len(content))
            if first < last:
                yield first, content[first - start : last - start]


def _build(elf: Elf, at: int) -> GoBuild:
    head = elf.pieces.read(at, 32)
    if head[15] & _INLINE:
        version, after = _inline(elf, at + 32, _MOST_VERSION)
        modules, _ = _inline(elf, after, MOST_MODULES)
        return parse_modules(_text(version), modules)
    if head[14] not in (4, 8):
        raise FormatError(f"has Go build information with pointers of {head[14]} bytes")
    pair = struct.Struct("<>"[head[15] & 1] + ("QQ" if head[14] == 8 else "II"))
    first, second = pair.unpack_from(head, 16)
    try:
        version = _pointed(elf, first, pair, _MOST_VERSION)
        modules = _pointed(elf, second, pair, MOST_MODULES)
    except NotKeptError:
        # The strings lie before the pointers: of a large program they are gone by then.
        return parse_modules("", _marked(elf))
    return parse_modules(_text(version), modules)


def _inline(elf: Elf, at: int, most: int) -> tuple[bytes, int]:
    """The string at `at` after its length (a varint), and where it ends."""
    length = shift = 0
    while True:
        byte = elf.pieces.read(at, 1)[0]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 28:
            raise FormatError("has Go build information with an endless length")
    _check(length, most)
    return elf.pieces.read(at, length), at + length


def _pointed(elf: Elf, vaddr: int, pair: struct.Struct, most: int) -> bytes:
    """The Go string whose header (address, length) is loaded at `vaddr`."""
    address, length = pair.unpack(elf.pieces.read(elf.offset(vaddr), pair.size))
    if not length:
        return b""
    _check(length, most)
    return elf.pieces.read(elf.offset(address), length)


def _marked(elf: Elf) -> bytes:
    """Module lines found by their mark alone."""
    for _, content in elf.pieces.ranges():
        start = content.find(MODULES_MARK)
        end = content.find(_MODULES_END, start) if start >= 0 else -1
        if end >= 0:
            return content[start : end + _MARK]
    return b""


def _check(length: int, most: int) -> None:
    if length > most:
        raise FormatError(f"has Go build information of {length} bytes; at most {most} are read")


def parse_modules(go_version: str, marked: bytes) -> GoBuild:
    """The lines of one build; `marked` has the marks round them, or is empty."""
    if len(marked) < 2 * _MARK + 1 or marked[-_MARK - 1 : -_MARK] != b"\n":
        return GoBuild(go_version)
    lines = _text(marked[_MARK:-_MARK]).split("\n", _MOST_LINES)[:_MOST_LINES]
    path, main = "", None
    modules: list[GoModule] = []
    settings: dict[str, str] = {}
    for line in lines:
        kind, _, rest = line.partition("\t")
        first, second, third = (*rest.split("\t", 3), "", "", "")[:3]
        if kind == "path":
            path = rest
        elif kind == "mod":
            main = GoModule(first, second, third)
        elif kind == "dep":
            modules.append(GoModule(first, second, third))
        elif kind == "=>" and modules:
            last = modules[-1]
            modules[-1] = GoModule(last.path, last.version, third, (first, second))
        elif kind == "build":
            key, _, value = rest.partition("=")
            settings[key] = value
    return GoBuild(go_version, path, main, tuple(modules), settings)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
