"""Names of a layer, kept small: 117,000 of them as objects would take 12 MB."""

from __future__ import annotations

_BLOCK = 4_096


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
