"""Names of a layer, kept small: 117,000 of them as objects would take 12 MB."""

from __future__ import annotations

from collections.abc import Iterator

_BLOCK = 4_096
_BLOCK_BYTES = 256 * 1024


class Names:
    """A growing list of names, joined by NUL as it grows (no name holds one)."""

    __slots__ = ("_blocks", "_waiting", "append")

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._blocks: list[bytes] = []
        self.append = self._waiting.append

    def compact(self) -> None:
        """Join what waits; cheap to call often."""
        if len(self._waiting) >= _BLOCK:
            self._blocks.append(b"\0".join(self._waiting))
            self._waiting.clear()

    def joined(self) -> bytes:
        """All names, in order."""
        return b"\0".join([*self._blocks, *self._waiting])


def blocks(joined: bytes) -> Iterator[list[bytes]]:
    """The names again, some thousand at a time: three million at once would take 300 MB."""
    start, size = 0, len(joined)
    while start < size:
        end = joined.find(b"\0", min(start + _BLOCK_BYTES, size))
        end = size if end < 0 else end
        yield joined[start:end].split(b"\0")
        start = end + 1
