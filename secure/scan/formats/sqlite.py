"""Rows of one table of an SQLite 3 database, read from its pages and never executed.

Source: https://www.sqlite.org/fileformat2.html. Only what a table of records needs is read: the
schema, table b-trees, overflow chains. Why not SQLite: docs/decisions/0007-own-sqlite-reader.md.

A damaged page costs its own rows, and is told. Each page may be read once: in a sound database each
page has one use, so cycles end and the work is bounded by the size of the file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from secure.scan.formats.pieces import FormatError

MAGIC = b"SQLite format 3\0"

Value = int | bytes | None
_LEAF, _INTERIOR = 0x0D, 0x05
_MOST_COLUMNS = 2_000  # SQLITE_MAX_COLUMN
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def table_rows(content: bytes, table: bytes) -> Iterator[tuple[Value, ...] | FormatError]:
    """The rows of `table` as its columns, in order of their row ids; numbers, blobs and texts.

    Raises:
        FormatError: there is no such table, or this is no SQLite database. What is wrong inside
            is yielded instead, and the rest is read.
    """
    pages = _Pages(content)
    root = 0
    for row in _rows(pages, 1):
        if isinstance(row, FormatError):
            yield row
        elif len(row) >= 4 and row[0] == b"table" and row[1] == table and isinstance(row[3], int):
            root = row[3]
    if not root:
        raise FormatError(f'the database has no table "{table.decode()}"')
    yield from _rows(pages, root)


class _Pages:
    """The pages of one database; each is handed out once."""

    def __init__(self, content: bytes) -> None:
        if content[: len(MAGIC)] != MAGIC or len(content) < 100:
            raise FormatError("it is no SQLite 3 database")
        size = int.from_bytes(content[16:18], "big")
        self.size = 65_536 if size == 1 else size
        self.usable = self.size - content[20]
        if self.size < 512 or self.size & (self.size - 1) or self.usable < 480:
            raise FormatError(f"a page size of {self.size} bytes is not possible")
        if int.from_bytes(content[56:60], "big") not in (0, 1):
            raise FormatError("its texts are UTF-16, which no rpm writes")
        self._content = content
        self._used: set[int] = set()

    def page(self, number: int) -> bytes:
        """Page `number`, counted from 1, without its reserved end."""
        start = (number - 1) * self.size
        if number < 1 or start + self.size > len(self._content):
            raise FormatError(f"page {number} lies outside the database")
        if number in self._used:
            raise FormatError(f"page {number} is used twice")
        self._used.add(number)
        return self._content[start : start + self.usable]


def _rows(pages: _Pages, root: int) -> Iterator[tuple[Value, ...] | FormatError]:
    waiting = [root]
    while waiting:
        number = waiting.pop()
        try:
            page = pages.page(number)
            kind, cells, right = _cells(page, 100 if number == 1 else 0)
        except FormatError as wrong:
            yield wrong
            continue
        if kind == _INTERIOR:
            children = [int.from_bytes(page[at : at + 4], "big") for at in cells]
            waiting += [right, *reversed(children)]
            continue
        for at in cells:
            try:
                yield _columns(_payload(pages, page, at))
            except FormatError as wrong:
                yield FormatError(f"page {number}: {wrong}")


def _cells(page: bytes, start: int) -> tuple[int, list[int], int]:
    """Kind of a b-tree page, offsets of its cells, and its right-most child."""
    kind = page[start]
    if kind not in (_LEAF, _INTERIOR):
        raise FormatError(f"a page of kind {kind} in the b-tree of a table")
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    first = start + (12 if kind == _INTERIOR else 8)
    if first + 2 * count > len(page):
        raise FormatError(f"{count} cells do not fit on a page")
    cells = list(struct.unpack_from(f">{count}H", page, first))
    # Two cells never share bytes: the shortest has 4 of them, so a page lists no more than these.
    if len(set(cells)) != count or any(at + 4 > len(page) for at in cells):
        raise FormatError("cells lie outside their page or on each other")
    return kind, cells, int.from_bytes(page[start + 8 : start + 12], "big")


def _payload(pages: _Pages, page: bytes, at: int) -> bytes:
    """The record of a leaf cell: its beginning on the page, the rest in a chain of pages."""
    size, at = _varint(page, at)
    _, at = _varint(page, at)
    usable = pages.usable
    most_here = usable - 35
    if size <= most_here:
        if at + size > len(page):
            raise FormatError("a row ends outside its page")
        return page[at : at + size]
    # fileformat2, "B-tree Pages": how much of a long payload stays on the page.
    least = (usable - 12) * 32 // 255 - 23
    here = least + (size - least) % (usable - 4)
    here = here if here <= most_here else least
    if at + here + 4 > len(page):
        raise FormatError("a row ends outside its page")
    pieces, missing = [page[at : at + here]], size - here
    following = int.from_bytes(page[at + here : at + here + 4], "big")
    while missing > 0:
        overflow = pages.page(following)
        pieces.append(overflow[4 : 4 + missing])
        missing -= len(pieces[-1])
        following = int.from_bytes(overflow[:4], "big")
    return b"".join(pieces)


def _columns(record: bytes) -> tuple[Value, ...]:
    """The columns of a record: serial types first, then their values."""
    end, at = _varint(record, 0)
    if end > len(record) or end > 9 * _MOST_COLUMNS:
        raise FormatError("the header of a row is longer than the row")
    values: list[Value] = []
    place = end
    while at < end:
        serial, at = _varint(record, at)
        size = _size(serial)
        if place + size > len(record):
            raise FormatError("a column ends outside its row")
        values.append(_value(serial, record[place : place + size]))
        place += size
    return tuple(values)


def _size(serial: int) -> int:
    if serial >= 12:
        return (serial - 12) // 2
    if serial in (10, 11):
        raise FormatError(f"a column of the reserved type {serial}")
    return 8 if serial == 7 else _INTEGER_BYTES.get(serial, 0)


def _value(serial: int, raw: bytes) -> Value:
    if serial in (0, 7):  # NULL; nothing read here is a floating point number
        return None
    if serial in (8, 9):
        return serial - 8
    return raw if serial >= 12 else int.from_bytes(raw, "big", signed=True)


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """A big-endian variable-length number of 1 to 9 bytes, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        if place >= len(raw):
            raise FormatError("a number ends outside its page")
        value = value << 7 | raw[place] & 0x7F
        if raw[place] < 0x80:
            return value, place + 1
    if at + 8 >= len(raw):
        raise FormatError("a number ends outside its page")
    return value << 8 | raw[at + 8], at + 9
