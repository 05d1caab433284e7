"""The header of one rpm package, as a package database keeps it.

Source: rpm, docs/manual/format_header.md, format_v4.md; lib/header.c for its limits. Big-endian.

    number of entries, length of the store, entries x 16 bytes (tag, type, offset, count), store

The 8 bytes of magic that a package file has are not kept in a database.
"""

from __future__ import annotations

import struct

from secure.oci.limits import MIB
from secure.scan.formats.pieces import FormatError

NAME, VERSION, RELEASE, EPOCH = 1000, 1001, 1002, 1003
VENDOR, LICENCE, PACKAGER, URL, ARCH = 1011, 1014, 1015, 1020, 1022
FILE_DIGESTS, FILE_FLAGS, SOURCE_RPM = 1035, 1037, 1044
PROVIDES, REQUIRE_FLAGS, REQUIRES = 1047, 1048, 1049
DIRECTORY_INDEXES, BASE_NAMES, DIRECTORY_NAMES = 1116, 1117, 1118
FILE_DIGEST_ALGORITHM, MODULARITY = 5011, 5096

_MOST_ENTRIES = 0xFFFF  # HEADER_TAGS_MAX
_MOST_BYTES = 256 * MIB  # HEADER_DATA_MAX
_MOST_ITEMS = 1_000_000  # of one tag; the packages with the most files have 100,000
_INT16, _INT32 = 3, 4
_STRING, _STRING_ARRAY, _I18N_STRING = 6, 8, 9
_ENTRY = struct.Struct(">4I")


class Header:
    """Finds tags when they are asked for; most of a header is never looked at.

    Raises:
        FormatError: the blob is no header.
    """

    def __init__(self, blob: bytes) -> None:
        if len(blob) < 8:
            raise FormatError(f"{len(blob)} bytes are no header")
        entries, size = struct.unpack_from(">2I", blob)
        start = 8 + entries * _ENTRY.size
        if not 0 < entries <= _MOST_ENTRIES or size > _MOST_BYTES or start + size > len(blob):
            raise FormatError(f"{entries} entries and {size} bytes do not fit {len(blob)} bytes")
        self._store = blob[start : start + size]
        # What rpm added when it installed stands behind the signed region, and replaces it.
        self._entries = {
            tag: (kind, offset, count)
            for tag, kind, offset, count in _ENTRY.iter_unpack(blob[8:start])
        }

    def string(self, tag: int) -> bytes:
        """The only or first string of `tag`; b"" where it is absent.

        Raises:
            FormatError: it is no string, or ends outside the header.
        """
        return next(iter(self._strings(tag, most=1)), b"")

    def strings(self, tag: int) -> list[bytes]:
        """All strings of `tag`. Raises as `string`."""
        return self._strings(tag, most=_MOST_ITEMS + 1)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """The 16 or 32 bit numbers of `tag`, () where it is absent.

        Raises:
            FormatError: they are no such numbers, or lie outside the header.
        """
        kind, offset, count = self._entries.get(tag, (_INT32, 0, 0))
        if kind not in (_INT16, _INT32):
            raise FormatError(f"tag {tag} is of type {kind}, not numbers")
        size = 2 if kind == _INT16 else 4
        if count > _MOST_ITEMS or offset + count * size > len(self._store):
            raise FormatError(f"the {count} numbers of tag {tag} lie outside the header")
        return struct.unpack_from(f">{count}{'H' if size == 2 else 'I'}", self._store, offset)

    def _strings(self, tag: int, most: int) -> list[bytes]:
        kind, offset, count = self._entries.get(tag, (_STRING_ARRAY, 0, 0))
        if kind not in (_STRING, _STRING_ARRAY, _I18N_STRING):
            raise FormatError(f"tag {tag} is of type {kind}, not strings")
        count = min(1 if kind == _STRING else count, most)
        # Each string takes at least its NUL.
        if count > _MOST_ITEMS or offset + count > len(self._store):
            raise FormatError(f"the {count} strings of tag {tag} lie outside the header")
        if count == 1:
            end = self._store.find(b"\0", offset)
            if end < 0:
                raise FormatError(f"the string of tag {tag} has no end")
            return [self._store[offset:end]]
        found = self._store[offset:].split(b"\0", count)[:-1] if count else []
        if len(found) < count:
            raise FormatError(f"tag {tag} has {len(found)} strings and promises {count}")
        return found
