"""Blobs of an ndb package database: SUSE's rpm, /usr/lib/sysimage/rpm/Packages.db.

Source: rpm, lib/backend/ndb/rpmpkg.c. All numbers are little-endian.

    page 0      header 32 bytes, then slots        pages 1 .. slot pages - 1     slots
    slot        "Slot", package number, offset and length of the blob in units of 16 bytes
    blob        "BlbS", package number, generation, length, content, padding,
                Adler-32 of all before, length, "BlbE"
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from secure.scan.formats.pieces import FormatError

MAGIC = b"RpmP"

_PAGE = 4_096
_BLOCK = 16
_HEADER = struct.Struct("<4s3I")
_SLOT = struct.Struct("<4s3I")
_HEAD = struct.Struct("<4s3I")
_TAIL = struct.Struct("<2I4s")


def blobs(content: bytes) -> Iterator[bytes | FormatError]:
    """The blob of each package; a damaged one is yielded as what is wrong with it.

    Raises:
        FormatError: this is no ndb database, or one of a version nobody has written yet.
    """
    if len(content) < 2 * _BLOCK:
        raise FormatError("it is too short for an ndb database")
    magic, version, _, pages = _HEADER.unpack_from(content)
    if magic != MAGIC or version != 0:
        raise FormatError(f"it is no ndb database of version 0 (version {version})")
    if not 0 < pages * _PAGE <= len(content):
        raise FormatError(f"{pages} pages of slots in a database of {len(content)} bytes")
    # Blobs do not overlap, so all of them together are no longer than the file.
    left = len(content)
    for at in range(2 * _BLOCK, pages * _PAGE, _SLOT.size):
        magic, number, offset, count = _SLOT.unpack_from(content, at)
        if magic != b"Slot":
            yield FormatError(f"the slot at byte {at} has no magic number")
        elif number:  # 0: a free slot
            left -= count * _BLOCK
            if left < 0:
                raise FormatError("its blobs are longer than the database")
            yield _blob(content, number, offset * _BLOCK, count * _BLOCK)


def _blob(content: bytes, number: int, start: int, size: int) -> bytes | FormatError:
    if start + size > len(content) or size < _HEAD.size + _TAIL.size:
        return FormatError(f"package {number} lies outside the database")
    magic, found, _, length = _HEAD.unpack_from(content, start)
    tail = start + size - _TAIL.size
    checksum, again, end = _TAIL.unpack_from(content, tail)
    if magic != b"BlbS" or end != b"BlbE" or found != number or again != length:
        return FormatError(f"package {number} has no sound frame")
    if length > size - _HEAD.size - _TAIL.size:
        return FormatError(f"package {number} is longer than its place")
    if zlib.adler32(memoryview(content)[start:tail]) != checksum:
        return FormatError(f"package {number} does not have its checksum")
    return content[start + _HEAD.size : start + _HEAD.size + length]
