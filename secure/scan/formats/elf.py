"""ELF headers, segments, sections, dynamic table and notes; 32 and 64 bit, either byte order.

Only tables are read, each bounded; nothing is followed twice. Section headers are optional to a
kernel and missing in some programs, so what a process is made of is told from segments.

Sources: System V ABI, chapters 4 and 5; the Linux Standard Base for PT_GNU_*; elf(5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from secure.oci.limits import KIB, MIB
from secure.scan.formats.pieces import FormatError, NotKeptError, Pieces

MAGIC = b"\x7fELF"
ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
PF_X, PF_W = 1, 2
SHT_SYMTAB, SHT_STRTAB, SHT_NOBITS = 2, 3, 8
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_BIND_NOW, DT_FLAGS, DT_FLAGS_1 = 1, 5, 10, 24, 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 0x8, 0x1, 0x08000000
_NT_GNU_BUILD_ID, _NT_FDO_PACKAGING_METADATA = 3, 0xCAFE1A7E
_EXTENDED = 0xFFFF  # PN_XNUM and SHN_XINDEX: the count is in section 0

_MOST_SEGMENTS, _MOST_SECTIONS = 256, 8 * KIB  # programs have 5 to 15, and 20 to 60
_MOST_DYNAMIC, _MOST_NOTES = 256 * KIB, 64 * KIB  # bytes
_MOST_STRINGS = 16 * MIB
_MOST_NAMES = 64 * KIB  # bytes; the 60 sections of a large program take 600
_MOST_BUILD_ID = 64  # SHA-1 makes 20, --build-id=0x… any number


class Segment(msgspec.Struct, frozen=True):
    """One program header: what the kernel or the dynamic loader maps or reads."""

    type: int
    flags: int
    offset: int
    vaddr: int
    filesz: int


class Section(msgspec.Struct, frozen=True):
    """`size` bytes at `offset`."""

    offset: int
    size: int


class Elf(msgspec.Struct, frozen=True):
    """The tables of one file.

    Args:
        order: "<" or ">" as the struct module has it. word: 4 or 8, bytes of a pointer.
        sections: offset of the name in `names`, type, offset, size of each; empty where the file
            has none; None where they were not kept. Plain tuples: nobody asks for most of them.
        names: of the sections, NUL-separated.
    """

    order: str
    word: int
    type: int
    machine: int
    segments: tuple[Segment, ...]
    sections: list[tuple[int, int, int, int]] | None
    names: bytes
    pieces: Pieces

    def offset(self, vaddr: int) -> int:
        """Where in the file the byte lies that is loaded at `vaddr`.

        Raises:
            FormatError: no segment brings it from the file.
        """
        for one in self.segments:
            if one.type == PT_LOAD and one.vaddr <= vaddr < one.vaddr + one.filesz:
                return vaddr - one.vaddr + one.offset
        raise FormatError(f"no segment loads address {vaddr:#x}")

    def segment(self, kind: int) -> Segment | None:
        """The first segment of one type."""
        return next((one for one in self.segments if one.type == kind), None)

    def section(self, name: bytes) -> Section | None:
        """The first section of one name that has content in the file."""
        if name not in self.names:  # most files have none of those that are asked for
            return None
        for name_at, kind, offset, size in self.sections or ():
            if kind != SHT_NOBITS and self.names.startswith(name + b"\0", name_at):
                return Section(offset, size)
        return None

    def dynamic(self) -> dict[int, int]:
        """The dynamic table; of a tag that may repeat, the last value. Empty without a table."""
        where = self.segment(PT_DYNAMIC)
        if where is None or not where.filesz:
            return {}
        entry = 2 * self.word
        size = min(where.filesz, _MOST_DYNAMIC)
        raw = self.pieces.read(where.offset, size - size % entry)
        found: dict[int, int] = {}
        for tag, value in struct.iter_unpack(self.order + ("QQ" if self.word == 8 else "II"), raw):
            if tag == 0:
                break
            found[tag] = value
        return found

    def dynamic_strings(self, dynamic: dict[int, int]) -> Section | None:
        """Where the NUL-separated names of the dynamic symbols lie; megabytes in large libraries.

        Raises:
            FormatError: no segment brings them from the file.
        """
        if DT_STRTAB not in dynamic:
            return None
        size = min(dynamic.get(DT_STRSZ, 0), _MOST_STRINGS)
        return Section(self.offset(dynamic[DT_STRTAB]), size)

    def build_id(self) -> str:
        """The GNU build-id, hex; "" without one."""
        found = self._note(b"GNU", _NT_GNU_BUILD_ID)
        return found[:_MOST_BUILD_ID].hex() if found is not None else ""

    def package_note(self) -> bytes | None:
        """The JSON that tells for which package the file was built; None without one."""
        return self._note(b"FDO", _NT_FDO_PACKAGING_METADATA)

    def _note(self, owner: bytes, wanted: int) -> bytes | None:
        for one in self.segments:
            if one.type != PT_NOTE or not one.filesz:
                continue
            raw = self.pieces.read(one.offset, min(one.filesz, _MOST_NOTES))
            if owner not in raw:
                continue
            for name, kind, content in _notes(raw, self.order):
                if name == owner and kind == wanted:
                    return content
        return None


def parse_elf(pieces: Pieces) -> Elf:
    """The tables of one file that begins with `MAGIC`.

    Raises:
        FormatError: no ELF file, or one that contradicts itself.
    """
    head = pieces.head
    if len(head) < 52 or head[:4] != MAGIC:
        raise FormatError("is shorter than an ELF header")
    if head[4] not in (1, 2) or head[5] not in (1, 2):
        raise FormatError(f"has the ELF class {head[4]} and the byte order {head[5]}")
    order, word = "<>"[head[5] - 1], 4 * head[4]
    try:
        fields = struct.unpack_from(
            order + ("HHIQQQIHHHHHH" if word == 8 else "HHIIIIIHHHHHH"), head, 16
        )
    except struct.error as cause:
        raise FormatError("is shorter than an ELF header") from cause
    kind, machine, _, _, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum, shstrndx = fields
    if phnum == _EXTENDED:
        raise FormatError("has more than 65,534 segments")
    sections, names = _sections(pieces, order, word, (shoff, shentsize, shnum, shstrndx))
    return Elf(
        order=order,
        word=word,
        type=kind,
        machine=machine,
        segments=_segments(pieces, order, word, (phoff, phentsize, phnum)),
        sections=sections,
        names=names,
        pieces=pieces,
    )


def _segments(
    pieces: Pieces, order: str, word: int, table: tuple[int, int, int]
) -> tuple[Segment, ...]:
    offset, size, count = table
    if not count:
        return ()
    if count > _MOST_SEGMENTS:
        raise FormatError(f"has {count} segments; at most {_MOST_SEGMENTS} are read")
    layout = struct.Struct(order + ("IIQQQQQQ" if word == 8 else "IIIIIIII"))
    if size != layout.size:
        raise FormatError(f"has program headers of {size} bytes instead of {layout.size}")
    rows = layout.iter_unpack(pieces.read(offset, size * count))
    if word == 8:
        return tuple(Segment(r[0], r[1], r[2], r[3], r[5]) for r in rows)
    return tuple(Segment(r[0], r[6], r[1], r[2], r[4]) for r in rows)


def _sections(
    pieces: Pieces, order: str, word: int, table: tuple[int, int, int, int]
) -> tuple[list[tuple[int, int, int, int]] | None, bytes]:
    """The section headers and their names; None where they lie in a part that was not kept."""
    offset, size, count, names_at = table
    if not offset or (not count and not names_at):
        return [], b""
    layout = struct.Struct(order + ("II16xQQ24x" if word == 8 else "II8xII16x"))
    if size != layout.size:
        raise FormatError(f"has section headers of {size} bytes instead of {layout.size}")
    if not count or count > _MOST_SECTIONS:
        raise FormatError(f"has {count} sections; 1 to {_MOST_SECTIONS} are read")
    if offset + size * count > pieces.size:
        raise FormatError("has section headers beyond its end: it is cut off")
    try:
        rows = list(layout.iter_unpack(pieces.read(offset, size * count)))
        strings = b""
        if names_at < count and rows[names_at][1] == SHT_STRTAB:
            strings = pieces.read(rows[names_at][2], min(rows[names_at][3], _MOST_NAMES))
    except NotKeptError:
        return None, b""
    return rows, strings


def _notes(raw: bytes, order: str) -> Iterator[tuple[bytes, int, bytes]]:
    """Name, type and content of each note; a note that goes on beyond `raw` is the last."""
    at, layout = 0, struct.Struct(order + "III")
    while at + 12 <= len(raw):
        name_size, size, kind = layout.unpack_from(raw, at)
        at += 12
        name = raw[at : at + name_size].rstrip(b"\0")
        at += name_size + -name_size % 4
        yield name, kind, raw[at : at + size]
        at += size + -size % 4
