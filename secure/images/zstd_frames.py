"""Where zstd frames end: the decoder does not say whether a stream stopped inside one.

Source: RFC 8878, 3.1.1 "Zstandard Frames" and 3.1.2 "Skippable Frames".
"""

from __future__ import annotations

from collections.abc import Generator

from secure.errors import ArchiveError

_FRAME = 0xFD2FB528
_SKIPPABLE = 0x184D2A50  # and the 15 that follow
_RAW, _RLE, _COMPRESSED = 0, 1, 2


class FrameTracker:
    """Follows compressed bytes from frame to frame, without decoding them."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._whole = True
        self._buffer = bytearray()
        self._skip = 0
        self._steps = self._follow()
        self._wanted = next(self._steps)

    def feed(self, piece: bytes) -> None:
        """Take in the next compressed bytes.

        Raises:
            ArchiveError: they are no zstd frames.
        """
        position = 0
        while position < len(piece):
            if self._skip:
                passed = min(self._skip, len(piece) - position)
                self._skip -= passed
                position += passed
                continue
            missing = self._wanted - len(self._buffer)
            self._buffer += piece[position : position + missing]
            position += missing
            if len(self._buffer) == self._wanted:
                self._wanted = self._steps.send(bytes(self._buffer))
                self._buffer.clear()

    def finish(self) -> None:
        """The stream has ended.

        Raises:
            ArchiveError: inside a frame.
        """
        if not self._whole or self._skip or self._buffer:
            raise ArchiveError(
                f"{self._where}: cannot be decompressed: the zstd stream is truncated",
                do="It is damaged or truncated; fetch it again.",
            )

    def _follow(self) -> Generator[int, bytes, None]:
        """Yields how many bytes to hand in next; what lies between is counted in `_skip`."""
        while True:
            self._whole = True
            magic = int.from_bytes((yield 4), "little")
            self._whole = False
            if magic & 0xFFFF_FFF0 == _SKIPPABLE:
                self._skip = int.from_bytes((yield 4), "little")
            elif magic == _FRAME:
                descriptor = (yield 1)[0]
                self._skip = _header_length(descriptor)
                yield from self._blocks()
                self._skip += 4 if descriptor & 0x04 else 0  # the content checksum
            else:
                raise ArchiveError(f"{self._where}: something that is not zstd follows the stream")

    def _blocks(self) -> Generator[int, bytes, None]:
        last = False
        while not last:
            header = int.from_bytes((yield 3), "little")
            last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
            self._skip = 1 if kind == _RLE else size
            if kind > _COMPRESSED:
                raise ArchiveError(f"{self._where}: a zstd block of the reserved kind")


def _header_length(descriptor: int) -> int:
    """Bytes of window descriptor, dictionary id and content size that follow the descriptor."""
    single_segment = descriptor >> 5 & 1
    content_size = (single_segment, 2, 4, 8)[descriptor >> 6]
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    return (0 if single_segment else 1) + dictionary + content_size
