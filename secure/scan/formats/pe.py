"""PE headers and version resources: what a Windows or .NET file says it is.

    "MZ" … at 60: offset of "PE\\0\\0", COFF header, optional header, section headers
    section with the resource directory ─▶ type 16 ─▶ first name ─▶ first language ─▶ VS_VERSIONINFO

Sources: Microsoft, "PE Format" and "VS_VERSIONINFO structure".
"""

from __future__ import annotations

import codecs
import struct

import msgspec

from secure.oci.limits import KIB
from secure.scan.formats.pieces import FormatError, Pieces

MAGIC = b"MZ"
_PE, _PE32, _PE32_PLUS = b"PE\0\0", 0x10B, 0x20B
_RESOURCES, _CLR = 2, 14  # numbers of data directories
_RT_VERSION = 16
_MOST_SECTIONS = 96  # the Windows loader's own limit
_MOST_ENTRIES = 4 * KIB  # of one resource directory
_MOST_VERSION = 64 * KIB
_MOST_STRINGS = 512
_SUBDIRECTORY = 0x8000_0000
_utf_16 = codecs.getdecoder("utf-16-le")  # now: a worker can open no file to import it later


class PeSection(msgspec.Struct, frozen=True):
    """`size` bytes at `offset` of the file, loaded at `address`."""

    name: bytes
    address: int
    offset: int
    size: int


class Pe(msgspec.Struct, frozen=True):
    """The tables of one file.

    Args:
        managed: it has a CLR header: .NET code.
        resources: address of the resource directory, 0 without one.
    """

    sections: tuple[PeSection, ...]
    managed: bool
    resources: int
    pieces: Pieces

    def place(self, address: int) -> int:
        """Where in the file the byte lies that is loaded at `address`."""
        for one in self.sections:
            if one.address <= address < one.address + one.size:
                return address - one.address + one.offset
        raise FormatError(f"no section loads address {address:#x}")

    def version_strings(self) -> dict[str, str]:
        """The version resource, e.g. {"ProductVersion": "6.0.1", …}; empty without one.

        Raises:
            FormatError: the resources contradict themselves, or were not kept.
        """
        if not self.resources:
            return {}
        base = self.place(self.resources)
        at = base
        for wanted in (_RT_VERSION, None, None):
            found = _entry(self.pieces, at, wanted)
            if found is None:
                return {}
            at = base + (found & ~_SUBDIRECTORY)
            if wanted is not None and not found & _SUBDIRECTORY:
                raise FormatError("has a version resource that is no directory")
        address, size = struct.unpack("<II", self.pieces.read(at, 8))
        raw = self.pieces.read(self.place(address), min(size, _MOST_VERSION))
        return _strings(raw)


def parse_pe(pieces: Pieces) -> Pe | None:
    """The tables of one file that begins with `MAGIC`; None for a DOS program or other data.

    Raises:
        FormatError: a PE file that contradicts itself.
    """
    head = pieces.head
    if len(head) < 64:
        return None
    (at,) = struct.unpack_from("<I", head, 60)
    if head[at : at + 4] != _PE:
        return None
    _, count, _, _, _, optional, _ = struct.unpack("<HHIIIHH", pieces.read(at + 4, 20))
    if count > _MOST_SECTIONS:
        raise FormatError(f"has {count} sections; at most {_MOST_SECTIONS} are read")
    start = at + 24
    table = pieces.read(start, optional)
    sections = tuple(
        PeSection(row[0].rstrip(b"\0"), row[2], row[4], row[3])
        for row in struct.iter_unpack("<8sIIIIIIHHI", pieces.read(start + optional, 40 * count))
    )
    return Pe(
        sections=sections,
        managed=_directory(table, _CLR) != 0,
        resources=_directory(table, _RESOURCES),
        pieces=pieces,
    )


def _directory(optional: bytes, number: int) -> int:
    """The address in one data directory of the optional header; 0 without it."""
    if len(optional) < 2:
        return 0
    (magic,) = struct.unpack_from("<H", optional)
    first = {_PE32: 96, _PE32_PLUS: 112}.get(magic)
    if first is None or len(optional) < first + 8 * number + 8:
        return 0
    (known,) = struct.unpack_from("<I", optional, first - 4)
    if number >= known:
        return 0
    address: int = struct.unpack_from("<I", optional, first + 8 * number)[0]
    return address


def _entry(pieces: Pieces, at: int, wanted: int | None) -> int | None:
    """Where the entry with this id, or the first one, leads to."""
    named, numbered = struct.unpack("<12xHH", pieces.read(at, 16))
    count = named + numbered
    if count > _MOST_ENTRIES:
        raise FormatError(f"has a resource directory of {count} entries")
    for number, leads_to in struct.iter_unpack("<II", pieces.read(at + 16, 8 * count)):
        if wanted is None or number == wanted:
            found: int = leads_to
            return found
    return None


def _strings(raw: bytes) -> dict[str, str]:
    """The String structures of a VS_VERSIONINFO: length, value length, type, key, value.

    Their parents (StringFileInfo, StringTable) begin alike; walking into a block without its
    length skips exactly its header, so one flat walk meets every String.
    """
    found: dict[str, str] = {}
    at = _after_key(raw, 0)[1]
    (value_size,) = struct.unpack_from("<H", raw, 2) if len(raw) >= 6 else (0,)
    at += value_size + -value_size % 4  # VS_FIXEDFILEINFO
    while at + 6 <= len(raw) and len(found) < _MOST_STRINGS:
        length, words, _ = struct.unpack_from("<HHH", raw, at)
        key, after = _after_key(raw, at)
        if not length:
            break
        if key == "VarFileInfo":  # languages; the C# compiler writes it first
            at += length + -length % 4
            continue
        if key == "StringFileInfo" or (not words and len(key) == 8):
            at = after
            continue
        value = _utf_16(raw[after : after + 2 * words], "replace")[0]
        found.setdefault(key, value.partition("\0")[0].strip())
        at += max(length, 6)
        at += -at % 4
    return found


def _after_key(raw: bytes, at: int) -> tuple[str, int]:
    """The key of the block at `at`, and where its value begins (a multiple of 4)."""
    start = end = at + 6
    while raw[end : end + 2] not in (b"\0\0", b"") and end - start < 512:
        end += 2
    key = _utf_16(raw[start:end], "replace")[0]
    after = end + 2
    return key, after + -after % 4
