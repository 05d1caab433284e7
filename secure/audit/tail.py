"""The end of a log, found without reading what lies before it."""

from __future__ import annotations

from secure import system as os
from secure.audit.record import GENESIS, Record, parse
from secure.audit.segments import open_file, read_file, segment_numbers, segment_path
from secure.errors import TamperedError
from secure.value import value

_WINDOW = 1024  # first look: the last record mostly is of an exit, and small


@value
class Tail:
    """Where the next record belongs.

    Args:
        seq, hash: of the last whole record; 0 and `GENESIS` in an empty log.
        ended: the last line has its newline (or the file is empty).
        damaged: what lies behind the last whole record and is none, without its last newline; None
            if there is nothing.
    """

    seq: int
    hash: str
    ended: bool
    damaged: bytes | None


def read_tail(path: str, fd: int, size: int, max_bytes: int) -> Tail:
    """The tail of the log at `path`, whose newest file is open as `fd` and has `size` bytes.

    Args:
        max_bytes: how far back to look for a whole record in one file.

    Raises:
        TamperedError: no whole record within `max_bytes`.
    """
    record, damaged, ended = _last_record(path, fd, size, max_bytes)
    pieces = [] if damaged is None else [damaged]
    # Right after a segment was closed the log has no record yet: the chain goes on from there.
    for number in reversed([] if record else segment_numbers(path)):
        segment = segment_path(path, number)
        older = open_file(segment, os.O_RDONLY)
        try:
            record, damaged, _ = _last_record(segment, older, os.fstat(older).st_size, max_bytes)
        finally:
            os.close(older)
        if damaged is not None:
            pieces.insert(0, damaged)
        if record:
            break
    seq, digest = (record.seq, record.hash) if record else (0, GENESIS)
    return Tail(seq, digest, ended, b"\n".join(pieces) if pieces else None)


def _last_record(
    path: str, fd: int, size: int, max_bytes: int
) -> tuple[Record | None, bytes | None, bool]:
    """The last whole record of one file, what lies behind it, and whether the last line ended."""
    window = _WINDOW
    while True:
        start = max(0, size - window)
        block = read_file(fd, start, size - start)
        ended = not block or block.endswith(b"\n")
        if found := _search(block, whole=start == 0):
            record, end = found
            return record, _lines(block[end + 1 :]), ended
        if start == 0:
            return None, _lines(block), ended
        if window >= max_bytes:
            raise TamperedError(
                f'the last {window} bytes of audit log "{path}" hold no record',
                do="Move the file away as evidence; a new log then starts.",
            )
        window *= 4


def _search(block: bytes, *, whole: bool) -> tuple[Record, int] | None:
    """The last record in `block` and the offset of its end. `whole`: the file starts here."""
    end = len(block) - block.endswith(b"\n")
    while True:
        begin = block.rfind(b"\n", 0, end) + 1
        if begin == 0 and not whole:
            return None
        if record := parse(block[begin:end]):
            return record, end
        if begin == 0:
            return None
        end = begin - 1


def _lines(rest: bytes) -> bytes | None:
    """`rest` as lines joined by newlines; None for no line at all."""
    return rest.removesuffix(b"\n") if rest else None
