"""The files of one log: `log.jsonl`, which is written, and older `log.000001.jsonl` and so on.

The folder also holds `lock`, the writers' lock. Segments are renamed once and never written again.
"""

from __future__ import annotations

import _stat as stat  # its C half, which is in the interpreter

from secure import system as os
from secure.errors import MachineError

LOG = "log.jsonl"
_ENXIO, _EISDIR, _ELOOP = 6, 21, 40


def log_path(data_dir: str) -> str:
    """Where the log of this data directory lies."""
    return os.path.join(data_dir, "audit", LOG)


def lock_path(path: str) -> str:
    """The writers' lock of the log at `path`."""
    return os.path.join(os.path.dirname(path), "lock")


def segment_path(path: str, number: int) -> str:
    """Where segment `number` (1 is the oldest) of the log at `path` lies."""
    base, _, ending = path.rpartition(".")
    return f"{base}.{number:06}.{ending}"


def segment_numbers(path: str) -> list[int]:
    """The numbers of the segments there are, oldest first."""
    folder, name = os.path.dirname(path), os.path.basename(path)
    base, _, ending = name.rpartition(".")
    numbers = []
    for entry in os.listdir(folder or "."):
        middle = entry[len(base) + 1 : len(entry) - len(ending) - 1]
        if middle.isdecimal() and middle.isascii():
            number = int(middle[:18])
            if entry == os.path.basename(segment_path(path, number)):
                numbers.append(number)
    return sorted(numbers)


def open_file(path: str, flags: int) -> int:
    """Open a file of the log: never through a symbolic link, never anything but a plain file.

    Raises:
        FileNotFoundError: there is none, and `flags` does not create it.
        MachineError: it cannot be opened, or is not a plain file.
    """
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise
    except OSError as cause:
        if cause.errno in (_ELOOP, _EISDIR, _ENXIO):
            raise _no_file(path) from cause
        raise MachineError(f'cannot open audit log "{path}": {cause.strerror}') from cause
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise _no_file(path)
    return fd


def _no_file(path: str) -> MachineError:
    return MachineError(
        f'audit log "{path}" is not a plain file',
        do="Move away what is there; a new log then starts.",
    )


def require_ours(path: str, found: os.stat_result) -> None:
    """Refuse a file or folder that others own or may change, before anything is written to it.

    Raises:
        MachineError: its owner is someone else, others may write, it is a symbolic link or has a
            second name.
    """
    if found.st_uid != os.geteuid():
        raise MachineError(
            f'"{path}" belongs to uid {found.st_uid}, not to uid {os.geteuid()}',
            do="Move it away, or set XDG_DATA_HOME to a directory of your own.",
        )
    if stat.S_ISLNK(found.st_mode):
        raise MachineError(f'"{path}" is a symbolic link', do="Put a directory in its place.")
    if found.st_mode & 0o022:
        raise MachineError(
            f'"{path}" can be changed by other users', do=f'Run: chmod go-w "{path}"'
        )
    if stat.S_ISREG(found.st_mode) and found.st_nlink != 1:
        raise MachineError(f'"{path}" has a second name (hard link)', do="Remove the other name.")


def read_file(fd: int, start: int, size: int) -> bytes:
    """Exactly `size` bytes from `start`, fewer only at the end of the file."""
    parts = []
    while size > 0 and (part := os.pread(fd, size, start)):
        parts.append(part)
        start += len(part)
        size -= len(part)
    return b"".join(parts)
