"""A root file system in a plain directory, as an image of one layer."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from secure.errors import InputError, LimitExceededError, SecureError
from secure.images.entry import (
    BLOCK_DEVICE,
    CHARACTER,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    SYMLINK,
    Entry,
)
from secure.images.image import Image, LayerBlob
from secure.images.tar_header import quoted
from secure.images.tree import Ask, DirectoryTree
from secure.oci.image_config import ImageConfig, RootFs
from secure.oci.limits import DEFAULT_LIMITS, Limits

_KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFDIR: DIRECTORY,
    stat.S_IFLNK: SYMLINK,
    stat.S_IFCHR: CHARACTER,
    stat.S_IFBLK: BLOCK_DEVICE,
    stat.S_IFIFO: FIFO,
    stat.S_IFSOCK: FIFO,  # tar has no sockets either
}


def read_rootfs(tree: DirectoryTree, ask: Ask) -> Image:
    """The directory as an image without config, history or digests."""
    machine = ask.platform or ask.machine
    config = ImageConfig(RootFs("layers", ()), machine.os, machine.architecture, machine.variant)
    image = Image(ask.reference, config, tree)
    image.layers = (DirectoryLayer(tree.fd, f'"{ask.reference}"'),)
    image.unverified = ("a plain directory has no digest: it is what it is while it is read",)
    return image


class DirectoryLayer(LayerBlob):
    """The one layer of a plain directory."""

    __slots__ = ("_fd",)

    def __init__(self, fd: int, where: str) -> None:
        super().__init__(0, where)
        self._fd = fd

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The directory: a worker that may open nothing else must reach it."""
        return (self._fd,)

    def open(self, limits: Limits = DEFAULT_LIMITS) -> DirectoryWalk:
        """A new pass over the directory."""
        return DirectoryWalk(self._fd, limits, self.where)


class _OpenFile:
    """The content of the current file, opened when it is first read."""

    def __init__(self, parent: int, child: bytes, inode: int, where: str) -> None:
        self._parent, self._child, self._inode, self._where = parent, child, inode, where
        self._fd = -1
        self._over = False

    def read(self, entry: Entry, most: int) -> bytes:
        """See `secure.images.entry.Content`."""
        if self._over:
            raise SecureError(f"{quoted(entry.name)} was read after the walk had moved on")
        try:
            if self._fd < 0:
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                self._fd = os.open(self._child, flags, dir_fd=self._parent)
                if os.fstat(self._fd).st_ino != self._inode:
                    raise InputError(f"{self._where}: {quoted(entry.name)} changed while read")
            return os.read(self._fd, most)
        except OSError as cause:
            raise _unreadable(self._where, entry.name, cause) from cause

    def close(self) -> None:
        """The walk moves on."""
        self._over = True
        if self._fd >= 0:
            os.close(self._fd)


class DirectoryWalk:
    """One pass over a directory tree: by descriptors, never through a symbolic link.

    Raises:
        InputError: something cannot be listed, or another file system is mounted inside.
        LimitExceededError: `entries` or `path_depth`.
    """

    def __init__(self, fd: int, limits: Limits, where: str) -> None:
        self._fd, self._limits, self._where = fd, limits, where
        self._first_names: dict[int, bytes] = {}
        self._count = 0
        self.uncompressed_bytes = self.beyond = 0

    def entries(self) -> Iterator[Entry]:
        """Directories before what is in them; names sorted."""
        yield from self._directory(self._fd, b".", b"", os.fstat(self._fd).st_dev)

    def _directory(self, parent: int, child: bytes, path: bytes, device: int) -> Iterator[Entry]:
        depth = path.count(b"/") + 1
        if depth > self._limits.path_depth:
            bound = f"{self._limits.path_depth} directories"
            raise LimitExceededError("path_depth", f"{self._where}: {quoted(path)}", bound)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            fd = os.open(child, flags, dir_fd=parent)
        except OSError as cause:
            raise _unreadable(self._where, path, cause) from cause
        try:
            status = os.fstat(fd)
            if status.st_dev != device:
                raise InputError(
                    f"{self._where}: another file system is mounted at {quoted(path)}",
                    do="Unmount it, or copy the root file system first.",
                )
            yield self._entry(path, status, parent, child)
            for name in sorted(map(os.fsencode, os.listdir(fd))):
                inside = path + b"/" + name if path else name
                yield from self._child(fd, name, inside, device)
        finally:
            os.close(fd)

    def _child(self, parent: int, child: bytes, path: bytes, device: int) -> Iterator[Entry]:
        try:
            status = os.stat(child, dir_fd=parent, follow_symlinks=False)
        except OSError as cause:
            raise _unreadable(self._where, path, cause) from cause
        if stat.S_ISDIR(status.st_mode):
            yield from self._directory(parent, child, path, device)
            return
        entry = self._entry(path, status, parent, child)
        content = None
        if entry.kind == FILE:
            content = _OpenFile(parent, child, status.st_ino, self._where)
            entry.content = content
        yield entry
        if content is not None:
            content.close()

    def _entry(self, path: bytes, status: os.stat_result, parent: int, child: bytes) -> Entry:
        self._count += 1
        if self._count > self._limits.entries:
            raise LimitExceededError("entries", self._where, f"{self._limits.entries} entries")
        kind, link, size, device = _KINDS[stat.S_IFMT(status.st_mode)], b"", 0, (0, 0)
        if kind == SYMLINK:
            link = os.readlink(child, dir_fd=parent)
        elif kind in (CHARACTER, BLOCK_DEVICE):
            device = os.major(status.st_rdev), os.minor(status.st_rdev)
        elif kind == FILE:
            link = self._first_names.get(status.st_ino, b"") if status.st_nlink > 1 else b""
            if link:
                kind = HARDLINK
            else:
                size = status.st_size
                self._first_names[status.st_ino] = path
                self.uncompressed_bytes += size
        owner, mode = (status.st_uid, status.st_gid), stat.S_IMODE(status.st_mode)
        return Entry(
            path, kind, mode, *owner, size, int(status.st_mtime), link, device,
            _xattrs(parent, child) if kind in (FILE, DIRECTORY) else {},
        )  # fmt: skip


def _xattrs(parent: int, child: bytes) -> dict[bytes, bytes]:
    path = b"/proc/self/fd/%d/%s" % (parent, child)
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {os.fsencode(n): os.getxattr(path, n, follow_symlinks=False) for n in names}
    except OSError:
        return {}  # a file system without attributes


def _unreadable(where: str, path: bytes, cause: OSError) -> InputError:
    return InputError(
        f"{where}: cannot read {quoted(path)}: {cause.strerror}",
        do="Read it as its owner, or as root.",
    )
