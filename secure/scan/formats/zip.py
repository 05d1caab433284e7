"""Zip archives as a stream: entries front to back, each byte read once, nested archives in place.

Not `zipfile`: it seeks, so it needs the whole archive in memory, and fat jars have hundreds of MiB
while a worker has 80 for everything. A stream can't be made to read bytes twice either, which is
what overlapping entries do (Fifield, "A better zip bomb", 2019).

Java looks entries up in the central directory at the end. It is compared with what was read, and a
difference is a fault: an archive that shows one reader other entries than the next hides something.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import cast

from isal import isal_zlib

from secure.errors import ArchiveError, LimitExceededError
from secure.images.byte_queue import ByteQueue
from secure.oci.limits import GIB, KIB, MIB

MAX_INFLATED = 4 * GIB  # of one file and all archives in it: 6 s; the largest real ones have 1 GiB
MAX_ENTRIES = 300_000  # of one file and all archives in it; the JDK's classes are 30,000
MAX_ARCHIVES = 5_000  # in one file; the largest application servers have 1,500
MAX_DEPTH = 8  # of nesting; jar in war in ear is 3, a quine has no end
_MAX_PREFIX = 1 * MIB  # before the first entry: Spring Boot puts a start script there
_MOST_FAULTS = 8  # said of one archive; the ninth tells nobody more
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW = 0x0001, 0x0008
_PIECE = 256 * KIB
_LOCAL = struct.Struct("<4xHHHHHIIIHH")
_CENTRAL = struct.Struct("<6xHHHHHIIIHHHHHII")
_ZIP64 = 0xFFFFFFFF
_INFLATE_ERRORS = (zlib.error, cast("type[Exception]", isal_zlib.error))  # its stub: an instance


class BudgetSpentError(LimitExceededError):
    """A file and the archives in it cost more than `Budget` allows: nothing more of it is read."""


class Budget:
    """What one file and all archives inside it may cost together."""

    def __init__(
        self, where: str, *, inflated: int = MAX_INFLATED, entries: int = MAX_ENTRIES
    ) -> None:
        self._where = where
        self._inflated, self._entries, self._archives = inflated, entries, MAX_ARCHIVES

    def inflate(self, count: int) -> None:
        """Raises BudgetSpentError, as the others do."""
        self._inflated -= count
        if self._inflated < 0:
            raise BudgetSpentError("zip bytes", self._where, "unpacked in one file")

    def entry(self) -> None:
        self._entries -= 1
        if self._entries < 0:
            raise BudgetSpentError("zip entries", self._where, "in one file")

    def archive(self, depth: int) -> None:
        self._archives -= 1
        if self._archives < 0:
            raise BudgetSpentError("zip archives", self._where, f"{MAX_ARCHIVES} in one file")
        if depth > MAX_DEPTH:
            raise BudgetSpentError("zip depth", self._where, f"{MAX_DEPTH} archives deep")


class Member:
    """One entry; its content can be read once, before the next entry is asked for."""

    __slots__ = ("_pieces", "name")

    def __init__(self, name: bytes, pieces: Iterator[bytes]) -> None:
        self.name, self._pieces = name, pieces

    def chunks(self) -> Iterator[bytes]:
        """What is left of the content, in pieces of at most 256 KiB.

        Raises:
            ArchiveError: damaged, encrypted or in an unknown compression.
            BudgetSpentError: see `Budget`.
        """
        return self._pieces

    def read(self, most: int) -> bytes:
        """The whole content.

        Raises:
            ArchiveError: it has more than `most` bytes; and as `chunks`.
        """
        kept, size = [], 0
        for piece in self._pieces:
            size += len(piece)
            if size > most:
                raise ArchiveError(f"entry {_shown(self.name)} has more than {most} bytes")
            kept.append(piece)
        return b"".join(kept)


class ZipStream:
    """The entries of one archive.

    Args:
        chunks: the archive's bytes.
        budget: shared by the archive and those around it.

    Attributes:
        faults: after the last entry: where the archive contradicts itself, one sentence each.
    """

    def __init__(self, chunks: Iterator[bytes], budget: Budget) -> None:
        self._queue = ByteQueue(lambda: next(chunks, b""))
        self._budget = budget
        self._seen: set[tuple[int, int]] = set()
        self._prefix = 0
        self.faults: list[str] = []

    def __iter__(self) -> Iterator[Member]:
        """Raises ArchiveError: no zip archive, damaged, or cut off; what came before is good."""
        mark = self._first_mark()
        while mark == b"PK\3\4":
            self._budget.entry()
            member, finish = self._member()
            yield member
            for _ in member.chunks():
                pass
            finish()
            mark = self._queue.take(4)
        if mark not in {b"PK\1\2", b"PK\5\6", b"PK\6\6"}:
            why = "no entry begins" if mark else "it ends before its directory"
            raise ArchiveError(f"a damaged zip archive: {why} at byte {self._queue.offset}")
        self._compare_directory(mark)

    def _first_mark(self) -> bytes:
        mark = self._queue.take(4)
        if mark in {b"PK\3\4", b"PK\5\6"}:
            return mark
        head = mark + self._queue.take(_MAX_PREFIX)
        self._prefix = head.find(b"PK\3\4")
        if self._prefix < 0:
            raise ArchiveError("is no zip archive" if head else "is an empty file")
        before = self._queue
        rest = iter((head[self._prefix :],))
        self._queue = ByteQueue(lambda: next(rest, b"") or before.some(_PIECE))
        return self._queue.take(4)

    def _member(self) -> tuple[Member, Callable[[], None]]:
        start = self._queue.offset - 4
        fixed = self._exactly(26)
        _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(
            b"PK\3\4" + fixed
        )
        name, extra = self._exactly(name_length), self._exactly(extra_length)
        self._seen.add((start, zlib.crc32(name)))
        if _ZIP64 in {packed, size}:
            size, packed = _zip64_sizes(extra, size, packed)
        follows = bool(flags & _SIZES_FOLLOW)
        body = _Body(self._queue, self._budget, -1 if follows and method == _DEFLATED else packed)
        if why := _unread(flags, method):
            if follows:
                raise ArchiveError(f"entry {_shown(name)} {why}, so its end is not known")
            self._fault(f"entry {_shown(name)} {why}")
            pieces = body.skipped()
        else:
            pieces = body.inflated() if method == _DEFLATED else body.stored()

        def finish() -> None:
            if follows:
                self._skip_descriptor(name, body)
            elif body.packed != packed or body.size not in {size, -1}:
                raise ArchiveError(f"entry {_shown(name)} has other sizes than its header says")
            elif body.size >= 0 and body.crc != crc:
                self._fault(f"entry {_shown(name)} does not have its checksum")

        return Member(name, pieces), finish

    def _skip_descriptor(self, name: bytes, body: _Body) -> None:
        """The sizes after an entry (4.3.9): with or without a mark, of 4 or of 8 bytes each."""
        marked = self._exactly(4)
        crc = self._exactly(4) if marked == b"PK\7\x08" else marked
        if int.from_bytes(crc, "little") != body.crc:
            self._fault(f"entry {_shown(name)} does not have its checksum")
        sizes = self._exactly(8)
        if sizes == struct.pack("<II", body.packed & _ZIP64, body.size & _ZIP64):
            return
        if sizes + self._exactly(8) != struct.pack("<QQ", body.packed, body.size):
            raise ArchiveError("a damaged zip archive: sizes after an entry are wrong")

    def _compare_directory(self, mark: bytes) -> None:
        listed = wrong = 0
        while mark == b"PK\1\2":
            self._budget.entry()
            fields = _CENTRAL.unpack(mark + self._exactly(42))
            packed, size, name_length, extra_length, comment_length = fields[6:11]
            name, extra = self._exactly(name_length), self._exactly(extra_length)
            self._queue.skip(comment_length)
            offset = _zip64_offset(extra, fields[-1], (size, packed))
            check = zlib.crc32(name)
            listed += 1
            if not {(offset, check), (offset - self._prefix, check)} & self._seen:
                wrong += 1
            mark = self._queue.take(4)
        if wrong:
            self._fault(f"its directory names {wrong} entries that are not where it says")
        if listed != len(self._seen):
            self._fault(f"its directory lists {listed} entries, {len(self._seen)} were read")
        self._end(mark)

    def _end(self, mark: bytes) -> None:
        if mark == b"PK\6\6":
            self._queue.skip(int.from_bytes(self._exactly(8), "little"))
            mark = self._queue.take(4)
        if mark == b"PK\6\7":
            self._queue.skip(16)
            mark = self._queue.take(4)
        if mark != b"PK\5\6":
            raise ArchiveError("a damaged zip archive: it ends inside its directory")
        self._queue.skip(int.from_bytes(self._exactly(18)[-2:], "little"))
        # Readers look for the end from the back: a second archive there is the one they would show.
        if self._queue.some(1):
            self._fault("something follows its end, which was not read")

    def _fault(self, what: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(what)

    def _exactly(self, count: int) -> bytes:
        piece = self._queue.take(count)
        if len(piece) != count:
            raise ArchiveError("a damaged zip archive: it ends too early")
        return piece


class _Body:
    """The bytes of one entry.

    Args:
        length: compressed bytes; -1 where only the compressed data itself tells.

    Attributes:
        packed, size: compressed and plain bytes so far; size is -1 where nobody can tell.
        crc: of the plain bytes.
    """

    __slots__ = ("_budget", "_length", "_queue", "crc", "packed", "size")

    def __init__(self, queue: ByteQueue, budget: Budget, length: int) -> None:
        self._queue, self._budget, self._length = queue, budget, length
        self.packed = self.size = self.crc = 0

    def skipped(self) -> Iterator[bytes]:
        self.packed, self.size = self._queue.skip(self._length), -1
        yield from ()

    def stored(self) -> Iterator[bytes]:
        while self.packed < self._length:
            piece = self._queue.some(min(_PIECE, self._length - self.packed))
            if not piece:
                raise ArchiveError("a damaged zip archive: it ends inside an entry")
            self.packed += len(piece)
            yield self._counted(piece)

    def inflated(self) -> Iterator[bytes]:
        inflater = isal_zlib.decompressobj(-15)
        piece = b""
        try:
            while not inflater.eof:
                fresh = not piece
                if fresh:
                    left = _PIECE if self._length < 0 else min(_PIECE, self._length - self.packed)
                    piece = self._queue.some(left) if left else b""
                    self.packed += len(piece)
                plain = inflater.decompress(piece, _PIECE)
                if fresh and not piece and not plain and not inflater.eof:
                    raise ArchiveError("a damaged zip archive: compressed data end too early")
                piece = inflater.unconsumed_tail
                if plain:
                    yield self._counted(plain)
        except _INFLATE_ERRORS as cause:
            raise ArchiveError(f"a damaged zip archive: {cause}") from cause
        # What was taken too much is still in the queue's buffer.
        over = len(inflater.unused_data)
        self._queue.position -= over
        self.packed -= over

    def _counted(self, plain: bytes) -> bytes:
        self._budget.inflate(len(plain))
        self.size += len(plain)
        self.crc = isal_zlib.crc32(plain, self.crc)
        return plain


def _unread(flags: int, method: int) -> str:
    if flags & _ENCRYPTED:
        return "is encrypted"
    known = method in {_STORED, _DEFLATED}
    return "" if known else f"has compression method {method}, which is not read"


def _zip64_sizes(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    """Both sizes from the zip64 field (4.5.3), which holds only those that did not fit."""
    values = _zip64_values(extra)
    real_size = next(values, 0) if size == _ZIP64 else size
    return real_size, next(values, 0) if packed == _ZIP64 else packed


def _zip64_offset(extra: bytes, offset: int, before: tuple[int, int]) -> int:
    if offset != _ZIP64:
        return offset
    values = _zip64_values(extra)
    for field in before:
        if field == _ZIP64:
            next(values, 0)
    return next(values, offset)


def _zip64_values(extra: bytes) -> Iterator[int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            yield from struct.unpack_from(f"<{len(field) // 8}Q", field)
            return
        at += 4 + length


def _shown(name: bytes) -> str:
    text = name[:200].decode("utf-8", "backslashreplace")
    return '"' + "".join(char if char.isprintable() else "?" for char in text) + '"'
