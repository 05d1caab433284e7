"""One layer to disk, for running: a lower directory of an overlay mount with `userxattr`.

Where the layer contradicts itself, docker and containerd are followed: a later entry replaces an
earlier one, whatever their kinds, except that two directories become one. What could lend rights
or reach the host stays out: devices and FIFOs are not made (a whiteout stands in their place, as a
lower layer's file must not show through), set-id bits and file capabilities only with
`keep_owner`, and never an attribute that overlayfs would obey.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

import msgspec

from secure.errors import ArchiveError, LimitExceededError, MachineError
from secure.facts.location import text
from secure.images.entry import (
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    KIND_NAMES,
    SYMLINK,
    Entry,
)
from secure.images.layer_root import (
    LayerRoot,
    is_whiteout,
    make_directory,
    make_whiteout,
    set_opaque,
)
from secure.images.tar_header import quoted
from secure.images.whiteouts import META, NONE, OPAQUE, WHITEOUT, classify
from secure.oci.limits import Limits

_CAPABILITIES = b"security.capability"
_OBEYED = b"user.overlay."  # a layer that sets these could hide or redirect what lies below
_IDENTITY_BITS = 0o6000
_MOST_NAMES = 100
_MOST_ID = 65_535  # what a subordinate range maps
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class UnpackReport(msgspec.Struct):
    """What was written, and what was left out on purpose.

    Args:
        identity_bits: files that lost a setuid or setgid bit. capabilities: files that lost file
            capabilities. attributes: other extended attributes that were not set.
        devices, specials: device nodes, and FIFOs, not made; the first 100 names of each.
        bookkeeping: entries that only aufs would read.
    """

    entries: int = 0
    bytes: int = 0
    whiteouts: int = 0
    opaques: int = 0
    identity_bits: int = 0
    capabilities: int = 0
    attributes: int = 0
    bookkeeping: int = 0
    devices: list[str] = []
    specials: list[str] = []


def unpack_layer(
    entries: Iterable[Entry], directory_fd: int, *, keep_owner: bool, limits: Limits
) -> UnpackReport:
    """Write a layer into the empty directory `directory_fd`.

    When it raises, the directory holds a part of the layer, and the caller removes it.

    Args:
        entries: of `LayerBlob.entries`, which checks the digests at the end.
        keep_owner: give every file its owner; to be called as root of a user namespace.

    Raises:
        ArchiveError: a name leads through a link or a file, a hard link leads to nothing of this
            layer, or an id is over 65535 with `keep_owner`.
        InputError: whatever `entries` raises.
        MachineError: the disk is full, or the file system cannot hold the layer.
    """
    unpacker = _Unpacker(directory_fd, keep_owner=keep_owner)
    try:
        for entry in entries:
            unpacker.report.entries += 1
            if unpacker.report.entries > limits.entries:
                raise LimitExceededError("entries", "a layer", f"{limits.entries} entries")
            unpacker.place(entry)
        unpacker.set_directory_times()
    finally:
        unpacker.root.close()
    return unpacker.report


class _Unpacker:
    def __init__(self, fd: int, *, keep_owner: bool) -> None:
        self.root, self.report = LayerRoot(fd), UnpackReport()
        self._keep_owner = keep_owner
        self._directory_times: dict[bytes, int] = {}

    def place(self, entry: Entry) -> None:
        """Write one entry."""
        meaning, target = classify(entry.name)
        if self._keep_owner and max(entry.uid, entry.gid) > _MOST_ID:
            raise _refused(entry, f"belongs to {entry.uid}:{entry.gid}; ids end at {_MOST_ID} here")
        try:
            if meaning == NONE:
                self._place(entry)
            elif meaning == WHITEOUT:
                self._whiteout(target)
            elif meaning == OPAQUE:
                set_opaque(self.root.directory(target))
                self.report.opaques += 1
            elif meaning == META:
                self.report.bookkeeping += 1
        except ArchiveError as cause:
            raise ArchiveError(f"entry {quoted(entry.name)}: {cause.what}", do=cause.do) from cause
        except OSError as cause:
            raise MachineError(
                f"cannot unpack {KIND_NAMES[entry.kind]} {quoted(entry.name)}: {cause.strerror}"
            ) from cause

    def set_directory_times(self) -> None:
        """Last, as every file that is written into a directory changes its time."""
        for name, mtime in self._directory_times.items():
            try:
                fd = self.root.directory(name, make=False)
            except ArchiveError:
                continue  # a later entry took its place
            os.utime(fd, (mtime, mtime))

    def _place(self, entry: Entry) -> None:
        placing = {
            FILE: self._file,
            DIRECTORY: self._directory,
            SYMLINK: self._symlink,
            HARDLINK: self._hardlink,
        }
        placing.get(entry.kind, self._absent)(entry)

    def _directory(self, entry: Entry) -> None:
        mode = self._mode(entry) | 0o700
        if entry.name:
            parent, last = self.root.parent(entry.name)
            try:
                os.close(make_directory(parent, last, mode))
            except FileExistsError:
                self._become_directory(parent, last, mode)
        fd = self.root.directory(entry.name)
        self._finish(fd, entry, mode)
        self._directory_times[entry.name] = entry.mtime

    def _become_directory(self, parent: int, last: bytes, mode: int) -> None:
        status = os.stat(last, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return
        # What stood here, a whiteout or a file, has hidden the lower directory: it stays hidden.
        os.unlink(last, dir_fd=parent)
        fd = make_directory(parent, last, mode)
        set_opaque(fd)
        os.close(fd)

    def _file(self, entry: Entry) -> None:
        parent, last = self.root.parent(entry.name)
        try:
            fd = os.open(last, _NEW_FILE, 0o600, dir_fd=parent)
        except FileExistsError:
            self.root.remove(entry.name)
            fd = os.open(last, _NEW_FILE, 0o600, dir_fd=parent)
        try:
            self.report.bytes += _write_content(fd, entry)
            self._finish(fd, entry, self._mode(entry))
            os.utime(fd, (entry.mtime, entry.mtime))
        finally:
            os.close(fd)

    def _symlink(self, entry: Entry) -> None:
        parent, last = self.root.parent(entry.name)
        try:
            os.symlink(entry.link, last, dir_fd=parent)
        except FileExistsError:
            self.root.remove(entry.name)
            os.symlink(entry.link, last, dir_fd=parent)
        if self._keep_owner:
            os.chown(last, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        self.report.attributes += len(entry.xattrs)
        os.utime(last, (entry.mtime, entry.mtime), dir_fd=parent, follow_symlinks=False)

    def _hardlink(self, entry: Entry) -> None:
        source, source_last = self.root.parent(entry.link, make=False)
        # The next look-up may close the descriptor of this one.
        source = os.dup(source)
        try:
            status = _link_target(source, source_last, entry)
            parent, last = self.root.parent(entry.name)
            self._link(entry, source, source_last, parent, last)
            if stat.S_ISREG(status.st_mode):
                self._finish_link(entry, parent, last)
        finally:
            os.close(source)

    def _link(
        self, entry: Entry, source: int, source_last: bytes, parent: int, last: bytes
    ) -> None:
        if entry.link == entry.name:
            raise ArchiveError("it is a hard link to itself")
        for _ in range(2):
            try:
                os.link(
                    source_last, last, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False
                )
                return
            except FileExistsError:
                self.root.remove(entry.name)
            except FileNotFoundError:
                break
        raise ArchiveError(f"its target {quoted(entry.link)} is gone")

    def _finish_link(self, entry: Entry, parent: int, last: bytes) -> None:
        # Engines give the file the mode of the link's own header.
        # By name, as a file of mode 0 cannot be opened; that it is no link was seen just now.
        self._finish(b"/proc/self/fd/%d/%s" % (parent, last), entry, self._mode(entry))

    def _absent(self, entry: Entry) -> None:
        names = self.report.specials if entry.kind == FIFO else self.report.devices
        if entry.kind == CHARACTER and entry.device == (0, 0):
            self.report.whiteouts += 1  # overlayfs's own mark
        elif len(names) < _MOST_NAMES:
            names.append(text(entry.name))
        parent, last = self.root.parent(entry.name)
        try:
            make_whiteout(parent, last)
        except FileExistsError:
            self.root.remove(entry.name)
            make_whiteout(parent, last)

    def _whiteout(self, target: bytes) -> None:
        self.report.whiteouts += 1
        parent, last = self.root.parent(target)
        try:
            make_whiteout(parent, last)
        except FileExistsError:
            # It acts on lower layers only: what this layer has itself stays.
            if stat.S_ISDIR(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode):
                set_opaque(self.root.directory(target))

    def _mode(self, entry: Entry) -> int:
        if self._keep_owner:
            return entry.mode
        if entry.mode & _IDENTITY_BITS and entry.kind != DIRECTORY:
            self.report.identity_bits += 1
        return entry.mode & ~_IDENTITY_BITS

    def _finish(self, at: int | bytes, entry: Entry, mode: int) -> None:
        # chown clears set-id bits and capabilities, so it comes first.
        if self._keep_owner:
            os.chown(at, entry.uid, entry.gid)
        os.chmod(at, mode)
        for name, content in entry.xattrs.items():
            if name == _CAPABILITIES and not self._keep_owner:
                self.report.capabilities += 1
            elif not _set_attribute(at, name, content):
                self.report.attributes += 1


def _set_attribute(at: int | bytes, name: bytes, content: bytes) -> bool:
    allowed = name == _CAPABILITIES or (name.startswith(b"user.") and not name.startswith(_OBEYED))
    if not allowed or b"\0" in name:
        return False
    try:
        os.setxattr(at, name, content)
    except OSError:
        return False  # counted by the caller
    return True


def _link_target(parent: int, last: bytes, entry: Entry) -> os.stat_result:
    try:
        status = os.stat(last, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        raise ArchiveError(f"its target {quoted(entry.link)} is not in this layer") from None
    if is_whiteout(status) or not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        raise ArchiveError(f"its target {quoted(entry.link)} is no file")
    return status


def _write_content(fd: int, entry: Entry) -> int:
    written = 0
    for chunk in entry.chunks():
        if entry.sparse and chunk.count(0) == len(chunk):
            os.lseek(fd, len(chunk), os.SEEK_CUR)
        else:
            view = memoryview(chunk)
            while view:
                view = view[os.write(fd, view) :]
        written += len(chunk)
    if entry.sparse:
        os.ftruncate(fd, written)
    return written


def _refused(entry: Entry, why: str) -> ArchiveError:
    return ArchiveError(f"entry {quoted(entry.name)} {why}", do="Rebuild the image with lower ids.")
