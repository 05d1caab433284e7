"""Sparse members: where their bytes belong. Source: GNU tar manual, "Sparse Formats"; tar(5)."""

from __future__ import annotations

from collections.abc import Iterator

from secure.errors import ArchiveError, LimitExceededError
from secure.images.byte_queue import ByteQueue
from secure.images.tar_extended import Extended
from secure.images.tar_header import BLOCK, number
from secure.oci.limits import Limits

_HOLE = bytes(64 * 1024)
_MAX_DIGITS = 20


class SparseMap:
    """Segments of content, (offset, length), in a file of `size` bytes; the rest is zeros.

    Raises:
        ArchiveError: segments overlap, go backwards or leave the file, or are not exactly the
            `stored` bytes.
        LimitExceededError: `file_bytes`; `ratio`, for a file of nothing but hole.
    """

    __slots__ = ("segments", "size")

    def __init__(
        self, numbers: list[int], size: int, stored: int, limits: Limits, where: str
    ) -> None:
        if len(numbers) % 2:
            raise ArchiveError(f"{where}: half a segment in a sparse map")
        self.segments = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        self.size = size
        end = 0
        for offset, length in self.segments:
            if offset < end or length < 0:
                raise ArchiveError(f"{where}: overlapping segments in a sparse map")
            end = offset + length
        if end > size or sum(length for _, length in self.segments) != stored:
            raise ArchiveError(f"{where}: a sparse map does not fit its file")
        if size > limits.file_bytes:
            raise LimitExceededError("file_bytes", where, f"{limits.file_bytes} bytes")
        if size > limits.ratio_floor_bytes and size > limits.ratio * max(stored, BLOCK):
            raise LimitExceededError("ratio", where, f"{limits.ratio} to 1")

    def runs(self) -> Iterator[tuple[bool, int]]:
        """(is content, length) from the start of the file to its end."""
        position = 0
        for offset, length in self.segments:
            if offset > position:
                yield False, offset - position
            if length:
                yield True, length
            position = offset + length
        if self.size > position:
            yield False, self.size - position


class SparseReader:
    """Reads a sparse member as if it were whole."""

    __slots__ = ("_content", "_left", "_queue", "_runs", "stored_left")

    def __init__(self, queue: ByteQueue, sparse: SparseMap, stored: int) -> None:
        self._queue, self._runs = queue, sparse.runs()
        self._content, self._left = False, 0
        self.stored_left = stored

    def some(self, most: int) -> bytes:
        """From 1 to `most` bytes; b"" at the end of the member, or of a truncated stream."""
        if not self._left:
            self._content, self._left = next(self._runs, (False, 0))
        wanted = min(most, self._left)
        piece = self._queue.some(wanted) if self._content and wanted else _HOLE[:wanted]
        self._left -= len(piece)
        if self._content:
            self.stored_left -= len(piece)
        return piece


def old_gnu_map(
    header: bytes, queue: ByteQueue, stored: int, limits: Limits, where: str
) -> SparseMap:
    """The map of a type "S" entry; takes the extension blocks that follow its header."""
    try:
        numbers = _pairs(header[386:482])
        extended, size = header[482], number(header[483:495])
        while extended:
            block = queue.take(BLOCK)
            if len(block) < BLOCK:
                raise ArchiveError(f"{where}: ends inside a sparse map")
            numbers += _pairs(block[:504])
            extended = block[504]
            _check_count(len(numbers) // 2, limits, where)
    except ValueError as cause:
        raise ArchiveError(f"{where}: a sparse map is not made of numbers") from cause
    return SparseMap(numbers, size, stored, limits, where)


def pax_map(
    extended: Extended, queue: ByteQueue, stored: int, limits: Limits, where: str
) -> tuple[SparseMap, int]:
    """The map of a file in pax sparse format 0.0, 0.1 or 1.0, and what is left of its content.

    Format 1.0 keeps the map in front of the content, in blocks of its own.
    """
    keys = extended.sparse
    version = keys.get(b"major", b"0"), keys.get(b"minor", b"0")
    size = _digits(keys.get(b"realsize", keys.get(b"size", b"")), where)
    if version == (b"1", b"0"):
        numbers, taken = _leading_map(queue, stored, limits, where)
        return SparseMap(numbers, size, stored - taken, limits, where), stored - taken
    if keys.get(b"major", b"0") != b"0":
        raise ArchiveError(f"{where}: unknown sparse format {version!r}")
    numbers = extended.segments
    if b"map" in keys:
        numbers = [_digits(part, where) for part in keys[b"map"].split(b",")]
    _check_count(len(numbers) // 2, limits, where)
    return SparseMap(numbers, size, stored, limits, where), stored


def _leading_map(
    queue: ByteQueue, stored: int, limits: Limits, where: str
) -> tuple[list[int], int]:
    lines: list[bytes] = []
    rest, taken, wanted = b"", 0, 1
    while len(lines) < wanted:
        block = queue.take(BLOCK)
        taken += BLOCK
        if len(block) < BLOCK or taken > stored:
            raise ArchiveError(f"{where}: ends inside a sparse map")
        *whole, rest = (rest + block).split(b"\n")
        lines += whole
        if len(rest) > BLOCK + _MAX_DIGITS:
            raise ArchiveError(f"{where}: a sparse map is not made of numbers")
        if wanted == 1 and lines:
            count = _digits(lines[0], where)
            _check_count(count, limits, where)
            wanted = 1 + 2 * count
    return [_digits(line, where) for line in lines[1:wanted]], taken


def _pairs(table: bytes) -> list[int]:
    found: list[int] = []
    for start in range(0, len(table), 24):
        # An empty length ends the table; a segment of length 0 may still mark the file's end.
        if not table[start + 12]:
            break
        found += (number(table[start : start + 12]), number(table[start + 12 : start + 24]))
    return found


def _digits(text: bytes, where: str) -> int:
    if not text.isdigit() or len(text) > _MAX_DIGITS:
        raise ArchiveError(f"{where}: a sparse map is not made of numbers")
    return int(text)


def _check_count(count: int, limits: Limits, where: str) -> None:
    if count > limits.sparse_segments:
        raise LimitExceededError("sparse_segments", where, f"{limits.sparse_segments} segments")
