"""The directories below --root: made whole, held by one command at a time, removed at once.

One that is being made or removed has a name that no container can have. It is locked by flock(2),
which the kernel gives up with its owner: what is not locked belongs to nobody any more, and the
next `create` or `delete` sweeps it away.
"""

from __future__ import annotations

import fcntl
import os
import time

_UNSEEN = ","


def unseen(root: str, container_id: str) -> str:
    """A path for a directory that is being made or removed."""
    return f"{root}/{_UNSEEN}{container_id[:100]}.{os.getpid()}"


def ids(root: str) -> tuple[str, ...]:
    """Every container below `root`, sorted."""
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return ()
    return tuple(sorted(name for name in names if not name.startswith(_UNSEEN)))


def sweep(root: str) -> None:
    """Remove the directories of commands that were killed while they made or removed one."""
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return
    for name in names:
        if not name.startswith(_UNSEEN):
            continue
        try:
            fd = open_folder(f"{root}/{name}")
        except OSError:
            continue  # its owner was faster
        try:
            if locked(fd, 0):  # else its owner lives
                clear(f"{root}/{name}", fd)
        finally:
            os.close(fd)


def make_locked(path: str) -> tuple[str, int]:
    """A new directory, open and locked."""
    while True:
        os.mkdir(path, 0o700)
        try:
            fd = open_folder(path)
        except FileNotFoundError:
            continue  # another command swept it away: it was not locked yet
        fcntl.flock(fd, fcntl.LOCK_EX)
        if is_at(path, fd):
            return path, fd
        os.close(fd)


def clear(path: str, fd: int) -> None:
    """Remove the directory `fd`, whose path is `path`, with its files."""
    try:
        for name in os.listdir(fd):
            os.unlink(name, dir_fd=fd)
        os.rmdir(path)
    except FileNotFoundError:
        return  # removed by another command at the same time


def open_folder(path: str) -> int:
    """Never through a link."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def locked(fd: int, deadline: float) -> bool:
    """Lock it; False if another command still holds it at `deadline` (time.monotonic)."""
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
            continue
        return True


def is_at(place: str, fd: int) -> bool:
    """The directory that was locked is still the one of that name."""
    try:
        found = os.stat(place, follow_symlinks=False)
    except FileNotFoundError:
        return False
    mine = os.fstat(fd)
    return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)
