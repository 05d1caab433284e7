"""A blob on disk: a stretch of an open file, read by position."""

from __future__ import annotations

import os

from secure.errors import ArchiveError, MachineError
from secure.images.byte_queue import ByteQueue

_STEP = 256 * 1024


class BlobFile:
    """`size` bytes from `offset` on, in the file that `fd` is open for.

    Every read gives its position, so forked processes share the descriptor without disturbing each
    other, and a worker that may not open any file can still read its layer.
    """

    __slots__ = ("fd", "offset", "size")

    def __init__(self, fd: int, offset: int, size: int) -> None:
        self.fd, self.offset, self.size = fd, offset, size

    def identity(self) -> tuple[int, ...]:
        """What changes whenever the bytes do, as far as the file system tells without reading them.

        Nobody but root, or the clock, can set the time of the last change (ctime, inode(7)): the
        fourth number. Times are nanoseconds since 1970. () for a file without a name: it is gone
        when it is closed.
        """
        found = os.fstat(self.fd)
        if not found.st_nlink:
            return ()
        return (
            found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size,
            self.offset, self.size,
        )  # fmt: skip

    def read_at(self, position: int, count: int) -> bytes:
        """At most `count` bytes from `position` on; b"" at the end of the blob.

        Raises:
            MachineError: the disk.
            ArchiveError: the file has become shorter.
        """
        count = min(count, self.size - position)
        if count <= 0:
            return b""
        try:
            piece = os.pread(self.fd, count, self.offset + position)
        except OSError as cause:
            raise MachineError(f"cannot read an image: {cause.strerror}") from cause
        if not piece:
            raise ArchiveError(f"an image file ends {count} bytes too early")
        return piece

    def read_all(self) -> bytes:
        """The whole blob; the caller has looked at `size`."""
        reader = BlobReader(self)
        return b"".join(iter(lambda: reader.read(_STEP), b""))


class BlobReader:
    """A position in a blob."""

    __slots__ = ("_blob", "position")

    def __init__(self, blob: BlobFile) -> None:
        self._blob = blob
        self.position = 0

    def read(self, count: int = _STEP) -> bytes:
        """The next bytes, at most `count`; b"" at the end."""
        piece = self._blob.read_at(self.position, count)
        self.position += len(piece)
        return piece

    def skip(self, count: int) -> int:
        """Move forward without reading; answers by how much."""
        moved = min(count, self._blob.size - self.position)
        self.position += moved
        return moved


def blob_queue(blob: BlobFile) -> ByteQueue:
    """The blob's bytes as they are; skipping does not read."""
    reader = BlobReader(blob)
    return ByteQueue(reader.read, reader.skip)
