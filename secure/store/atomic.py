"""Files appear whole or not at all."""

from __future__ import annotations

from secure import system as os
from secure.errors import MachineError


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


def write_file(path: str, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` by `content`: temporary file, fsync, rename, fsync of the directory.

    Raises:
        MachineError: the disk is full, read-only, or not ours. `path` is then as it was.
    """
    parent = os.path.dirname(path) or "."
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            _write_all(fd, content)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, path)
        sync_dir(parent)
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
