"""A stream of chunks, read in pieces of any length with few copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator


class ByteQueue:
    """Bytes wait in `buffer` from `position` on; more come from `feed`.

    Both are public because the tar walk slices headers out of the buffer itself: a call per header
    would cost as much as reading it.

    Args:
        feed: gives the next chunk, b"" at the end.
        jump: moves the feed forward by so many bytes without reading them and answers how many
            there were; None where a stream has to be read to be skipped.
    """

    __slots__ = ("_before", "_feed", "_jump", "buffer", "position")

    def __init__(self, feed: Callable[[], bytes], jump: Callable[[int], int] | None = None) -> None:
        self._feed, self._jump = feed, jump
        self._before = 0
        self.buffer = b""
        self.position = 0

    @property
    def offset(self) -> int:
        """How many bytes of the stream have been taken or skipped."""
        return self._before + self.position

    def take(self, count: int) -> bytes:
        """The next `count` bytes; fewer only at the end of the stream."""
        end = self.position + count
        if end <= len(self.buffer):
            piece = self.buffer[self.position : end]
            self.position = end
            return piece
        return b"".join(self._pieces(count))

    def some(self, most: int) -> bytes:
        """From 1 to `most` bytes, whatever is at hand; b"" at the end of the stream."""
        if self.position >= len(self.buffer) and not self._refill():
            return b""
        piece = self.buffer[self.position : self.position + most]
        self.position += len(piece)
        return piece

    def skip(self, count: int) -> int:
        """Drop `count` bytes; answers how many there were."""
        left = count
        while left > 0:
            here = len(self.buffer) - self.position
            if here >= left:
                self.position += left
                return count
            left -= here
            self.position = len(self.buffer)
            if self._jump is not None:
                jumped = self._jump(left)
                self._before += jumped
                return count - left + jumped
            if not self._refill():
                return count - left
        return count

    def _pieces(self, count: int) -> Iterator[bytes]:
        while count > 0 and (piece := self.some(count)):
            count -= len(piece)
            yield piece

    def _refill(self) -> bool:
        self._before += len(self.buffer)
        self.buffer = self._feed()
        self.position = 0
        return bool(self.buffer)


def drained(queue: ByteQueue) -> int:
    """Read the rest of a stream; answers how many bytes there were up to the last that is not 0."""
    before, last = queue.offset, 0
    while piece := queue.some(1 << 30):
        if meant := piece.rstrip(b"\0"):
            last = queue.offset - before - len(piece) + len(meant)
    return last
