"""A directory that is being filled from hostile names: no name leads out of it, or through a link.

Every parent is resolved by the kernel in one openat2(2) that refuses symbolic links and "..", and
is kept open; what is done in it names one single component. Between check and use nothing can be
exchanged, whatever the archive or another process does (CVE-2021-32760, CVE-2025-47290).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence

from secure.errors import ArchiveError, KernelError, MachineError
from secure.images.tar_header import quoted
from secure.kernel.openat2 import (
    RESOLVE_BENEATH,
    RESOLVE_NO_MAGICLINKS,
    RESOLVE_NO_SYMLINKS,
    openat2,
)

OPAQUE_ATTRIBUTE = "user.overlay.opaque"  # overlayfs.rst, "userxattr"
IMPLIED_MODE = 0o755  # for directories that a layer uses but does not have; docker's choice, too
_RESOLVE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
_MOST_OPEN = 64


class LayerRoot:
    """The directory `fd`, with the parents used last kept open. For a `with` block: `close()`."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._open: dict[bytes, int] = {}

    def parent(self, name: bytes, *, make: bool = True) -> tuple[int, bytes]:
        """A descriptor of the directory that `name` is in, and the last part of `name`.

        Args:
            make: make missing directories.

        Raises:
            ArchiveError: a link or file stands where a directory has to be, or it is missing.
        """
        directory, _, last = name.rpartition(b"/")
        return self.directory(directory, make=make), last

    def directory(self, name: bytes, *, make: bool = True) -> int:
        """A descriptor of the directory `name`; it stays open until others push it out."""
        if not name:
            return self.fd
        if (known := self._open.get(name)) is not None:
            return known
        try:
            fd = openat2(self.fd, name, os.O_RDONLY | os.O_DIRECTORY, _RESOLVE)
        except KernelError as cause:
            if cause.number not in (errno.ENOENT, errno.ENOTDIR) or not make:
                raise self._blocked(name, cause) from cause
            fd = self._made(name)
        if len(self._open) >= _MOST_OPEN:
            self.close()
        self._open[name] = fd
        return fd

    def forget(self, name: bytes) -> None:
        """Close what is open at `name` and below: it is going to be replaced."""
        inside = name + b"/"
        for path in [p for p in self._open if p == name or p.startswith(inside)]:
            os.close(self._open.pop(path))

    def remove(self, name: bytes) -> None:
        """Remove what is at `name`, with all that is in it."""
        self.forget(name)
        parent, last = self.parent(name)
        remove_tree(parent, last)

    def close(self) -> None:
        """Close the parents; the directory itself belongs to the caller."""
        for fd in self._open.values():
            os.close(fd)
        self._open.clear()

    def _made(self, name: bytes) -> int:
        parent, last = self.parent(name)
        try:
            status = os.stat(last, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            status = None
        emptied = status is not None and is_whiteout(status)
        if emptied:
            os.unlink(last, dir_fd=parent)
        elif status is not None:
            raise ArchiveError(
                f"a path of the layer goes through {quoted(name)}, which is no directory"
            )
        fd = make_directory(parent, last, IMPLIED_MODE)
        if emptied:
            set_opaque(fd)
        return fd

    def _blocked(self, name: bytes, cause: KernelError) -> Exception:
        if cause.number == errno.ELOOP:
            return ArchiveError(
                f"a path of the layer goes through {quoted(name)}, where a symbolic link stands",
                do="Do not use this image: it is made to write outside its root.",
            )
        if cause.number in (errno.ENOENT, errno.ENOTDIR, errno.EXDEV):
            return ArchiveError(f"the layer has no directory {quoted(name)}")
        return cause


def make_directory(parent: int, last: bytes, mode: int) -> int:
    """Make a directory and open it; whatever the umask, it gets `mode`."""
    os.mkdir(last, 0o700, dir_fd=parent)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(last, flags, dir_fd=parent)
    os.fchmod(fd, mode)
    return fd


def is_whiteout(status: os.stat_result) -> bool:
    """A character device 0:0: overlayfs's mark for a deleted name."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def make_whiteout(parent: int, last: bytes) -> None:
    """Mark `last` as deleted; since Linux 5.8 everybody may make this one device."""
    try:
        os.mknod(last, stat.S_IFCHR, 0, dir_fd=parent)
    except PermissionError as cause:
        raise MachineError(
            "cannot make an overlayfs whiteout: mknod is not permitted",
            do="Use Linux 5.8 or later.",
        ) from cause


def set_opaque(fd: int) -> None:
    """Hide what lower layers have in the directory `fd`."""
    try:
        os.setxattr(fd, OPAQUE_ATTRIBUTE, b"y")
    except OSError as cause:
        raise MachineError(
            f"cannot mark a directory as opaque: {cause.strerror}",
            do="Keep images on a file system with user extended attributes: ext4, xfs, btrfs.",
        ) from cause


def visible_layers(layers: Sequence[str]) -> tuple[str, ...]:
    """The layers, base first, without those that an opaque root directory above them hides.

    overlayfs reads its attribute on directories inside a layer, never on a layer's own root: an
    image that empties the root would still show everything below it.
    """
    for index in range(len(layers) - 1, 0, -1):
        if OPAQUE_ATTRIBUTE in os.listxattr(layers[index]):
            return tuple(layers[index:])
    return tuple(layers)


def remove_tree(parent: int, last: bytes) -> None:
    """Remove `last` in the directory `parent`, whatever it is; links are removed, not followed."""
    try:
        os.unlink(last, dir_fd=parent)
    except IsADirectoryError:
        pass
    except FileNotFoundError:
        return
    except PermissionError:
        # POSIX lets unlink answer EPERM for a directory.
        if not stat.S_ISDIR(os.stat(last, dir_fd=parent, follow_symlinks=False).st_mode):
            raise
    else:
        return
    fd = _opened_to_empty(parent, last)
    try:
        for name in os.listdir(fd):
            remove_tree(fd, os.fsencode(name))
    finally:
        os.close(fd)
    os.rmdir(last, dir_fd=parent)


def _opened_to_empty(parent: int, last: bytes) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(last, flags, dir_fd=parent)
    except PermissionError:
        os.chmod(last, 0o700, dir_fd=parent)
        fd = os.open(last, flags, dir_fd=parent)
    if os.fstat(fd).st_mode & 0o300 != 0o300:
        os.fchmod(fd, 0o700)
    return fd
