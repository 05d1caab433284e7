"""open(2) with O_TMPFILE and linkat(2): a file has no name before it is whole."""

from __future__ import annotations

import errno

from secure import system as os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# What open(2) says to O_TMPFILE: the file system has none, the kernel is older than 3.11.
_NO_NAMELESS_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)


def write_whole(
    path: str, fill: Callable[[int], None], mode: int = 0o600, *, durable: bool = True
) -> None:
    """Replace `path` by a new file, which is filled, then synced, and gets its name last.

    A writer that is killed leaves nothing.

    Args:
        fill: writes the content to the descriptor that it is given; it may read it back.
        durable: False leaves out both fsync, for what means nothing after a power loss.

    Raises:
        OSError: the disk is full, read-only, or not ours. `path` is then as it was.
    """
    parent = os.path.dirname(path) or "."
    try:
        fd = os.open(parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, mode)
    except OSError as cause:
        if cause.errno not in _NO_NAMELESS_FILES:
            raise
        _write_beside(path, fill, mode)
        return
    try:
        fill(fd)
        if durable:
            os.fsync(fd)
        _give_name(fd, path)
        if durable:
            sync_dir(parent)
    finally:
        os.close(fd)


def write_all(fd: int, content: bytes) -> None:
    """write(2) until all is written."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def _give_name(fd: int, path: str) -> None:
    """Link the nameless file to `path`, or over it.

    Only over an old file there is a moment with a second name, always of a whole file: whoever
    finds that name finishes the other's work first.
    """
    source, second = f"/proc/self/fd/{fd}", f"{path}.tmp"
    try:
        # `src_dir_fd` makes it linkat(2), which alone follows the link in /proc.
        os.link(source, path, src_dir_fd=fd)
    except FileExistsError:
        while not _linked(source, second, fd):
            _rename_over(second, path)
        _rename_over(second, path)


def _linked(source: str, name: str, fd: int) -> bool:
    try:
        os.link(source, name, src_dir_fd=fd)
    except FileExistsError:
        return False
    return True


def _rename_over(second: str, path: str) -> None:
    try:
        os.rename(second, path)
    except FileNotFoundError:
        return  # another writer of this file did it
    except OSError:
        remove_quietly(second)
        raise


def _write_beside(path: str, fill: Callable[[int], None], mode: int) -> None:
    """`write_whole` where the file system knows no files without a name (NFS, some FUSE)."""
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            fill(fd)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, path)
        sync_dir(os.path.dirname(path) or ".")
    except BaseException:
        remove_quietly(temporary)
        raise


def sync_dir(path: str) -> None:
    """fsync of a directory: makes a rename in it durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove_quietly(path: str) -> None:
    """Remove a temporary file that may not exist."""
    try:
        os.unlink(path)
    except OSError:
        return
