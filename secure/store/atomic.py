"""Files appear whole or not at all."""

from __future__ import annotations

import errno

from secure import system as os
from secure.errors import MachineError

# What open(2) says to O_TMPFILE: the file system has none, the kernel is older than 3.11.
_NO_NAMELESS_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)


def make_private_dir(path: str) -> None:
    """Make `path` and its missing parents, mode 0700 (CVE-2021-41091: others must not enter)."""
    missing = []
    while path and not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    try:
        for folder in reversed(missing):
            try:
                os.mkdir(folder, 0o700)
            except FileExistsError:
                continue  # another process was faster, or a file is there: the caller will see
    except OSError as cause:
        raise MachineError(f'cannot make directory "{missing[0]}": {cause.strerror}') from cause


def write_file(path: str, content: bytes, mode: int = 0o600, *, durable: bool = True) -> None:
    """Replace `path` by `content`: a file without a name, fsync, its name, fsync of the directory.

    Args:
        durable: False leaves out both fsync, for what means nothing after a power loss.

    Raises:
        MachineError: the disk is full, read-only, or not ours. `path` is then as it was.
    """
    parent = os.path.dirname(path) or "."
    try:
        fd = os.open(parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, mode)
    except OSError as cause:
        if cause.errno not in _NO_NAMELESS_FILES:
            raise MachineError(f'cannot write "{path}": {cause.strerror}') from cause
        _write_beside(path, content, mode)
        return
    try:
        _write_all(fd, content)
        if durable:
            os.fsync(fd)
        _give_name(fd, path)
        if durable:
            sync_dir(parent)
    except OSError as cause:
        raise MachineError(f'cannot write "{path}": {cause.strerror}') from cause
    finally:
        os.close(fd)


def _give_name(fd: int, path: str) -> None:
    """Link the nameless file to `path`, or over it.

    A writer that is killed leaves nothing. Only over an old file there is a moment with a second
    name, always of a whole file: whoever finds that name finishes the other's work first.
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


def _write_beside(path: str, content: bytes, mode: int) -> None:
    """`write_file` where the file system knows no files without a name (NFS, some FUSE)."""
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            _write_all(fd, content)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, path)
        sync_dir(os.path.dirname(path) or ".")
    except OSError as cause:
        remove_quietly(temporary)
        raise MachineError(f'cannot write "{path}": {cause.strerror}') from cause


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


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
