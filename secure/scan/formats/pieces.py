"""The parts of one file that were kept, under the offsets they have in it.

A layer is read once, forwards. Of a large program only its beginning and what its headers point to
is kept; a reader asks for any range and is told when it is not there.
"""

from __future__ import annotations

from collections.abc import Iterable

from secure.oci.limits import KIB


class FormatError(ValueError):
    """A file is not what its format demands; the text says what is wrong, for people."""


class NotKeptError(FormatError):
    """A range lies in the file but was not kept: only parts of a large file are."""


class Pieces:
    """Kept ranges of one file.

    Args:
        head: its beginning.
        size: bytes of the whole file.
        more: further ranges as (offset, content), each beyond `head`.
    """

    __slots__ = ("_more", "head", "size")

    def __init__(
        self, head: bytes, size: int = -1, more: tuple[tuple[int, bytes], ...] = ()
    ) -> None:
        self.head, self.size, self._more = head, len(head) if size < 0 else size, more

    def read(self, offset: int, size: int) -> bytes:
        """Exactly `size` bytes from `offset`.

        Raises:
            FormatError: the range ends outside the file.
            NotKeptError: it lies inside, but was not kept.
        """
        content, at = self._kept(offset, size)
        return content[at : at + size]

    def holds(self, texts: Iterable[bytes], offset: int, size: int) -> bool:
        """Whether one of `texts` lies in the `size` bytes from `offset`, of which no copy is made.

        Raises:
            FormatError, NotKeptError: as `read` does.
        """
        content, at = self._kept(offset, size)
        return any(content.find(one, at, at + size) >= 0 for one in texts)

    def _kept(self, offset: int, size: int) -> tuple[bytes, int]:
        """What was kept around a range, and where in it the range begins."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise FormatError(f"{size} bytes at {offset} lie outside the file of {self.size} bytes")
        if offset + size <= len(self.head):
            return self.head, offset
        for start, content in self._more:
            if start <= offset and offset + size <= start + len(content):
                return content, offset - start
        raise NotKeptError(f"{size} bytes at {offset} of {self.size} were not kept")

    def ranges(self) -> tuple[tuple[int, bytes], ...]:
        """All kept ranges, in order of their offsets; two may overlap."""
        return ((0, self.head), *self._more)

    def text(self, offset: int, most: int = 4 * KIB) -> bytes:
        """The NUL-terminated string at `offset`, at most `most` bytes of it."""
        raw = self.read(offset, min(most, self.size - offset))
        return raw.partition(b"\0")[0]
