"""A hostile tar as a stream of entries, in one pass and without a copy on disk.

    for entry in TarWalk(queue, limits, 'layer 0 of "web.tar"'):
        if interesting(entry.name):
            content = entry.read(max_bytes)

Content is consumed lazily: what is not read before the next entry is asked for is skipped. tarfile
takes 55-70 us for an entry and libarchive puts C on hostile bytes; this takes about 5 us.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.errors import ArchiveError, LimitExceededError, SecureError
from secure.images.byte_queue import ByteQueue
from secure.images.entry import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    KIND_NAMES,
    SYMLINK,
    Entry,
)
from secure.images.tar_extended import Extended, global_mtime, gnu_name
from secure.images.tar_header import (
    BLOCK,
    REMEMBERED,
    ZEROS,
    Names,
    Sums,
    checksum_fits,
    long_name,
    number,
    quoted,
)
from secure.images.tar_sparse import SparseReader, old_gnu_map, pax_map
from secure.oci.limits import Limits

__all__ = [
    "BLOCK_DEVICE", "CHARACTER", "DIRECTORY", "FIFO", "FILE", "HARDLINK", "KIND_NAMES", "SYMLINK",
    "Entry", "TarWalk",
]  # fmt: skip

_KINDS = {
    b"0": FILE, b"\0": FILE, b"7": FILE, b"S": FILE, b"1": HARDLINK, b"2": SYMLINK,
    b"3": CHARACTER, b"4": BLOCK_DEVICE, b"5": DIRECTORY, b"6": FIFO,
}  # fmt: skip
_MOST_ID = 0xFFFF_FFFE  # (uid_t)-1 means "leave as it is" to chown(2)
_MOST_TIME = 1 << 40


class TarWalk:
    """Iterates over the entries of one archive.

    Args:
        queue: the archive's bytes.
        where: the archive, for errors.
        end_required: an archive without its end marker is an error. Where a digest proves the
            stream complete it is not asked for: some writers leave it out.

    Raises:
        ArchiveError: malformed, truncated or hostile; the entry is named.
        LimitExceededError: the limit is named.
    """

    __slots__ = (
        "_current", "_end_required", "_left", "_limits", "_mtime", "_names", "_owners",
        "_padding", "_queue", "_sparse", "_sums", "_times", "_where", "count",
    )  # fmt: skip

    def __init__(
        self, queue: ByteQueue, limits: Limits, where: str, *, end_required: bool = False
    ) -> None:
        self._queue, self._limits, self._where = queue, limits, where
        self._end_required = end_required
        self._names = Names(limits, where)
        # What was met and is in range: owners, times and sums repeat in nearly every header.
        self._owners: dict[bytes, tuple[int, int, int]] = {}
        self._times: dict[bytes, int] = {}
        self._sums = Sums()
        self._mtime: int | None = None
        self._current: Entry | None = None
        self._sparse: SparseReader | None = None
        self._left = self._padding = 0
        self.count = 0

    @property
    def offset(self) -> int:
        """Where in the stream the unread content of the current entry begins."""
        return self._queue.offset

    def __iter__(self) -> Iterator[Entry]:
        extended: Extended | None = None
        most = self._limits.entries
        while (header := self._header()) is not None:
            flag = header[156:157]
            if flag in b"xLKg":
                extended = self._extension(flag, header, extended)
                continue
            self.count += 1
            if self.count > most:
                raise LimitExceededError("entries", self._where, f"{most} entries")
            entry = self._alike(header) if flag == b"0" and extended is None else None
            yield entry or self._entry(flag, header, extended)
            extended = None
        if extended is not None:
            raise ArchiveError(f"{self._where}: an extended header without its entry")

    def read(self, entry: Entry, most: int) -> bytes:
        """See `Content`."""
        if entry is not self._current:
            raise SecureError(f"{quoted(entry.name)} was read after the walk had moved on")
        if self._sparse is not None:
            piece = self._sparse.some(most)
            self._left = self._sparse.stored_left
            if not piece and self._left:
                raise self._truncated(entry.name)
            return piece
        left, queue = self._left, self._queue
        if not left:
            return b""
        most = min(most, left)
        start = queue.position
        if piece := queue.buffer[start : start + most]:
            queue.position = start + len(piece)
        elif not (piece := queue.some(most)):
            raise self._truncated(entry.name)
        self._left = left - len(piece)
        return piece

    def _header(self) -> bytes | None:
        """The next header block; None at the end of the archive."""
        queue = self._queue
        start = queue.position + self._left + self._padding
        header = queue.buffer[start : start + BLOCK]
        if len(header) == BLOCK:
            queue.position = start + BLOCK
        elif len(header := self._next_block()) < BLOCK:
            if header or self._end_required or queue.offset == 0:
                raise ArchiveError(
                    f"{self._where}: ends at byte {queue.offset} without an end marker",
                    do="The archive is truncated; fetch it again.",
                )
            return None
        self._current, self._sparse = None, None
        self._left = self._padding = 0
        if not checksum_fits(header, self._sums):
            if header == ZEROS:
                self._end()
                return None
            raise ArchiveError(
                f"{self._where}: no tar header at byte {queue.offset - BLOCK}: wrong checksum",
                do="The archive is damaged, or not a tar archive.",
            )
        return header

    def _next_block(self) -> bytes:
        rest = self._left + self._padding
        if rest and self._queue.skip(rest) < rest:
            raise self._truncated(self._current.name if self._current else b"")
        return self._queue.take(BLOCK)

    def _end(self) -> None:
        # Two blocks of zeros end an archive; one alone does before the end of the stream.
        second = self._queue.take(BLOCK)
        if 0 < len(second) < BLOCK:
            raise self._truncated(b"(end marker)")
        if second.strip(b"\0"):
            raise ArchiveError(
                f"{self._where}: a block of zeros at byte {self._queue.offset - 2 * BLOCK} "
                "and then more: readers disagree about the rest"
            )

    def _alike(self, header: bytes) -> Entry | None:
        """A file with owner and time of earlier ones, as nearly all are; None for all others."""
        owner, mtime = self._owners.get(header[100:124]), self._times.get(header[136:148])
        digits = header[124:135]
        if owner is None or mtime is None or header[345] or header[135] or not digits.isdigit():
            return None
        try:
            size = int(digits, 8)
        except ValueError:
            return None
        if size > self._limits.file_bytes or self._mtime is not None:
            return None
        name = self._names.normal(header[:100].partition(b"\0")[0])
        if not name:
            return None
        mode, uid, gid = owner
        entry = Entry(name, FILE, mode, uid, gid, size, mtime, content=self)
        self._left, self._padding, self._current = size, -size % BLOCK, entry
        return entry

    def _entry(self, flag: bytes, header: bytes, extended: Extended | None) -> Entry:
        raw = long_name(header)
        kind = _KINDS.get(flag)
        if kind is None:
            raise self._names.refused(raw, f"is of the unknown kind {flag!r}")
        device = (0, 0)
        try:
            mode, uid, gid = number(header[100:108]) & 0o7777, *_two(header[108:124])
            size, mtime = number(header[124:136]), number(header[136:148])
            if kind in (CHARACTER, BLOCK_DEVICE):
                device = _two(header[329:345])
        except ValueError as cause:
            raise self._names.refused(raw, "has a header that is not made of numbers") from cause
        if kind != FILE:
            size = 0  # what other readers skip as content here, Go takes for the next header
        link = header[157:257].partition(b"\0")[0] if kind in (HARDLINK, SYMLINK) else b""
        entry = Entry(raw, kind, mode, uid, gid, size, mtime, link, device, content=self)
        if self._mtime is not None:
            entry.mtime = self._mtime
        if flag == b"\0" and raw[-1:] == b"/":
            entry.kind, entry.size = DIRECTORY, 0  # V7 had no type for directories
        if extended is not None:
            extended.apply(entry)
        self._check(entry)
        if extended is None:
            self._remember(header, entry)
        if entry.size or flag == b"S" or extended is not None:
            self._open(entry, flag, header, extended)
        self._current = entry
        return entry

    def _remember(self, header: bytes, entry: Entry) -> None:
        if self._mtime is None and len(self._owners) < REMEMBERED > len(self._times):
            self._owners[header[100:124]] = entry.mode, entry.uid, entry.gid
            self._times[header[136:148]] = entry.mtime

    def _check(self, entry: Entry) -> None:
        raw = entry.name
        entry.name = name = self._names.normal(raw)
        if not (0 <= entry.uid <= _MOST_ID and 0 <= entry.gid <= _MOST_ID):
            raise self._names.refused(raw, f"belongs to {entry.uid}:{entry.gid}, which nobody can")
        if not -_MOST_TIME < entry.mtime < _MOST_TIME:
            raise self._names.refused(raw, f"has the time {entry.mtime}")
        if entry.size < 0:
            raise self._names.refused(raw, f"has the size {entry.size}")
        if not name and entry.kind != DIRECTORY:
            raise self._names.refused(raw, f"is a {KIND_NAMES[entry.kind]} in place of the root")
        if entry.kind == HARDLINK:
            entry.link = self._names.hardlink(entry.link, name)
        elif entry.kind == SYMLINK:
            entry.link = self._names.symlink(entry.link, name)

    def _open(self, entry: Entry, flag: bytes, header: bytes, extended: Extended | None) -> None:
        """Make the content of `entry` readable: `_left` counts the bytes stored in the stream."""
        limits, stored = self._limits, entry.size
        if stored > limits.file_bytes:
            raise LimitExceededError(
                "file_bytes", f"{self._where}: {quoted(entry.name)}", f"{limits.file_bytes} bytes"
            )
        self._padding = -stored % BLOCK
        self._left = stored
        if flag != b"S" and (extended is None or not extended.is_sparse):
            return
        where = f"{self._where}: {quoted(entry.name)}"
        if flag == b"S":
            sparse = old_gnu_map(header, self._queue, stored, limits, where)
        elif extended is not None:
            if entry.kind != FILE:
                raise self._names.refused(entry.name, "is sparse but no file")
            sparse, stored = pax_map(extended, self._queue, stored, limits, where)
            self._left = stored
        entry.size, entry.sparse = sparse.size, True
        self._sparse = SparseReader(self._queue, sparse, stored)

    def _extension(self, flag: bytes, header: bytes, extended: Extended | None) -> Extended | None:
        block = self._extension_block(header)
        if flag == b"g":
            found = global_mtime(block, self._where)
            self._mtime = self._mtime if found is None else found
            return extended
        extended = extended or Extended()
        extended.once(flag, self._where)
        if flag == b"x":
            extended.add(block, self._where)
        elif flag == b"L":
            extended.gnu_path = gnu_name(block, self._where)
        else:
            extended.gnu_link = gnu_name(block, self._where)
        return extended

    def _extension_block(self, header: bytes) -> bytes:
        most = self._limits.extended_header_bytes
        try:
            size = number(header[124:136])
        except ValueError as cause:
            raise ArchiveError(f"{self._where}: an extended header has no size") from cause
        if size > most:
            raise LimitExceededError("extended_header_bytes", self._where, f"{most} bytes")
        if size < 0:
            raise ArchiveError(f"{self._where}: an extended header has the size {size}")
        padded = size + -size % BLOCK
        block = self._queue.take(padded)
        if len(block) < padded:
            raise self._truncated(b"(extended header)")
        return block[:size]

    def _truncated(self, name: bytes) -> ArchiveError:
        return ArchiveError(
            f"{self._where}: ends at byte {self._queue.offset}, inside entry {quoted(name)}",
            do="The archive is truncated; fetch it again.",
        )


def _two(fields: bytes) -> tuple[int, int]:
    return number(fields[:8]), number(fields[8:])
