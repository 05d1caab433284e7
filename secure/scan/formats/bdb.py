"""Values of a Berkeley DB hash: rpm before 4.16, /var/lib/rpm/Packages.

Source: Berkeley DB 5.3, src/dbinc/db_page.h (PAGE, HOFFPAGE) and hash.h (HMETA). The number at
byte 12 tells the byte order of the machine that wrote it.

    meta page   12 magic, 16 version, 20 page size, 24 encryption, 25 page type, 32 last page
    page        8 own number, 12 previous, 16 next, 20 entries, 22 high offset, 25 type,
                26 entries x 2 bytes: offsets of items, key and value in turn, from the page's end
    item        type 1: content; type 3: 3 unused bytes, first overflow page, length
    overflow    16 next page, 22 bytes on this page, 26 content
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from secure.scan.formats.pieces import FormatError

_MAGIC = 0x00061561
_HASH_META, _OVERFLOW = 8, 7
_HASH_PAGES = frozenset({2, 13})  # P_HASH_UNSORTED, as versions before 4.6 wrote them, and P_HASH
_CONTENT, _OFF_PAGE = 1, 3
_PAGE_HEAD = 26


def is_hash(content: bytes) -> bool:
    """Does it begin as a hash of either byte order?"""
    return _order(content) != ""


def values(content: bytes) -> Iterator[bytes | FormatError]:
    """The value of each pair, page by page; a damaged one is yielded as what is wrong with it.

    Raises:
        FormatError: this is no Berkeley DB hash, or an encrypted one.
    """
    hash_file = _Hash(content)
    for number in range(1, hash_file.pages):
        if content[number * hash_file.size + 25] in _HASH_PAGES:
            yield from hash_file.values_on(number)


def _order(content: bytes) -> str:
    magic = content[12:16]
    for order in "<>":
        if magic == struct.pack(order + "I", _MAGIC):
            return order
    return ""


class _Hash:
    """One database; each overflow page is handed out once, so chains that meet or turn end."""

    def __init__(self, content: bytes) -> None:
        self._content, self._order = content, _order(content)
        if not self._order or len(content) < 512:
            raise FormatError("it is no Berkeley DB hash")
        (self.size,) = self._unpack("I", 20)
        if not 512 <= self.size <= 65_536 or self.size & (self.size - 1):
            raise FormatError(f"a page size of {self.size} bytes is not possible")
        if content[24]:
            raise FormatError("the database is encrypted")
        if content[25] != _HASH_META:
            raise FormatError(f"its first page is of type {content[25]}, not of a hash")
        (last,) = self._unpack("I", 32)
        self.pages = len(content) // self.size
        if last >= self.pages:
            raise FormatError(f"it ends before its last page, {last}")
        self._used: set[int] = set()

    def values_on(self, number: int) -> Iterator[bytes | FormatError]:
        """The values of the hash page `number`."""
        start = number * self.size
        (entries,) = self._unpack("H", start + 20)
        if entries % 2 or _PAGE_HEAD + 2 * entries > self.size:
            yield FormatError(f"page {number} cannot hold {entries} items")
            return
        offsets = self._unpack(f"{entries}H", start + _PAGE_HEAD)
        # Items lie behind each other from the end of the page: each ends where the last began.
        for key, value in zip(offsets[::2], offsets[1::2], strict=True):
            if not _PAGE_HEAD + 2 * entries <= value < key <= self.size:
                yield FormatError(f"page {number} has an item outside its bounds")
                continue
            try:
                yield self._item(self._content[start + value : start + key])
            except FormatError as wrong:
                yield FormatError(f"page {number}: {wrong}")

    def _item(self, item: bytes) -> bytes:
        if item[0] == _CONTENT:
            return item[1:]
        if item[0] != _OFF_PAGE or len(item) < 12:
            raise FormatError(f"an item of type {item[0]}")
        following, length = struct.unpack_from(self._order + "2I", item, 4)
        if length > len(self._content):
            raise FormatError(f"a value of {length} bytes is longer than the database")
        pieces: list[bytes] = []
        while length > 0:
            piece, following = self._overflow(following)
            pieces.append(piece[:length])
            length -= len(piece)
        return b"".join(pieces)

    def _overflow(self, number: int) -> tuple[bytes, int]:
        """Content of an overflow page and the number of the next."""
        if not 0 < number < self.pages:
            raise FormatError(f"the value goes on at page {number}, outside the database")
        if number in self._used:
            raise FormatError(f"overflow page {number} is used twice")
        self._used.add(number)
        start = number * self.size
        (following,), (size,) = self._unpack("I", start + 16), self._unpack("H", start + 22)
        if self._content[start + 25] != _OVERFLOW or not 0 < size <= self.size - _PAGE_HEAD:
            raise FormatError(f"page {number} is no overflow page")
        return self._content[start + _PAGE_HEAD : start + _PAGE_HEAD + size], following

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + form, self._content, at)
