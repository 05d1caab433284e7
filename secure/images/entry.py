"""One file of an image: what it is, and its content on demand."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Protocol

import msgspec

from secure.images.tar_header import quoted

FILE, DIRECTORY, SYMLINK, HARDLINK, CHARACTER, BLOCK_DEVICE, FIFO = range(7)
KIND_NAMES = (
    "file", "directory", "symbolic link", "hard link", "character device", "block device", "FIFO",
)  # fmt: skip
_CHUNK = 1 << 20


class Content(Protocol):
    """Where an entry's content comes from."""

    def read(self, entry: Entry, most: int) -> bytes:
        """The next 1 to `most` bytes of `entry`; b"" at its end."""


class Entry(msgspec.Struct, eq=False):
    """One member of an archive, or one file of a directory.

    Args:
        name: normalised, no leading slash, no ".."; b"" is the root directory.
        kind: one of the constants above.
        mode: permission bits, 0o7777 at most.
        size: bytes of content, holes included; 0 for everything but files.
        mtime: seconds since 1970, rounded down.
        link: the raw target of a symbolic link, the normalised name of a hard link's target.
        device: (major, minor).
        xattrs: extended attributes; not to be changed.
        sparse: the content has holes.
    """

    name: bytes
    kind: int
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    link: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: dict[bytes, bytes] = {}
    content: Content | None = None
    sparse: bool = False

    def read(self, max_bytes: int, begin: bytes = b"") -> bytes:
        """The next `max_bytes` of content; fewer only at its end.

        Args:
            begin: what was read already: it is part of the answer and of `max_bytes`.

        Raises:
            ArchiveError: the archive ends inside the content.
        """
        first = begin or self.some(max_bytes)
        if len(first) in (0, max_bytes, self.size):
            return first
        # Sized at once: pieces and what they are joined to would take twice the memory.
        whole = BytesIO(bytes(min(max_bytes, self.size)))
        have = whole.write(first)
        while have < max_bytes and (piece := self.some(max_bytes - have)):
            have += whole.write(piece)
        whole.truncate(have)
        return whole.getvalue()

    def some(self, most: int) -> bytes:
        """From 1 to `most` bytes of content, as many as are at hand; b"" at its end."""
        return self.content.read(self, most) if self.content is not None else b""

    def chunks(self) -> Iterator[bytes]:
        """The rest of the content in pieces of at most 1 MiB."""
        while piece := self.some(_CHUNK):
            yield piece

    def __repr__(self) -> str:
        return f"Entry({quoted(self.name)}, {KIND_NAMES[self.kind]}, {self.mode:o}, {self.size})"
