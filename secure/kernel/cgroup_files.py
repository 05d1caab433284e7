"""Reading, writing, making and removing below /sys/fs/cgroup. Internal to the cgroup modules."""

from __future__ import annotations

import errno
import time

from secure import system as os
from secure.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# The directory for all containers of root, or of a user on v2.
BASE = "secure"

_PATIENCE_S = 5.0
_READ_BYTES = 8192

WRITE_MEANS = {
    errno.EINVAL: "the kernel does not take this value here (a parent may allow less)",
    errno.ENOENT: "this kernel has no such setting",
    errno.EACCES: "this user may not change it",
}
JOIN_MEANS = {
    errno.ESRCH: "there is no such process any more",
    errno.EACCES: "this user may not move the process there",
    errno.EPERM: "this user may not move the process there",
    errno.EBUSY: "this cgroup passes controllers on and may hold no process itself",
    errno.ENOSPC: "the cpuset of the cgroup is empty",
}


def write(path: str, content: str, means: Mapping[int, str]) -> None:
    """One write(2): the kernel takes a setting whole or not at all."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, content.encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError(f"writing {content!r} to", path, error.errno or 0, means) from error


def read(path: str) -> str:
    """The content without the last newline.

    Raises:
        KernelError: it cannot be read.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            parts = iter(lambda: os.read(fd, _READ_BYTES), b"")
            return b"".join(parts).decode("ascii", "replace").removesuffix("\n")
        finally:
            os.close(fd)
    except OSError as error:
        raise KernelError("reading", path, error.errno or 0) from error


def read_if_there(path: str) -> str:
    """`read`, or "" where there is no such file or it is not ours to read."""
    try:
        return read(path)
    except KernelError:
        return ""


def make(directory: str, *, there_is_fine: bool = False) -> None:
    """mkdir(2)."""
    try:
        os.mkdir(directory, 0o755)
    except OSError as error:
        if error.errno != errno.EEXIST or not there_is_fine:
            raise KernelError("mkdir", directory, error.errno or 0) from error


def tree(top: str) -> Iterator[str]:
    """`top` and every cgroup below it, parents first; nothing if it is gone."""
    try:
        with os.scandir(top) as entries:
            below = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    yield top
    for directory in below:
        yield from tree(directory)


def remove(directory: str) -> None:
    """rmdir, waiting for processes that are ending; gone already is fine.

    Raises:
        KernelError: something still lives inside after some seconds.
    """

    def removed() -> bool:
        try:
            os.rmdir(directory)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise KernelError("rmdir", directory, error.errno or 0) from error
            return False
        return True

    wait_until(removed, "rmdir", directory)


def remove_empty_base(base: str) -> None:
    """Remove the directory that holds all containers if it is this user's and empty.

    One that root delegated has another name, or a parent that is closed to its user.
    """
    if os.path.basename(base) != BASE:
        return
    kept = (errno.ENOENT, errno.EBUSY, errno.ENOTEMPTY, errno.EACCES, errno.EPERM)
    try:
        if os.stat(base).st_uid == os.geteuid():
            os.rmdir(base)
    except OSError as error:
        if error.errno not in kept:
            raise KernelError("rmdir", base, error.errno or 0) from error


def wait_until(condition: Callable[[], bool], call: str, target: str) -> None:
    """Poll, faster first; the kernel ends processes on its own time.

    Raises:
        KernelError: EBUSY after some seconds.
    """
    deadline = time.monotonic() + _PATIENCE_S
    pause_s = 0.0005
    while not condition():
        if time.monotonic() > deadline:
            raise KernelError(
                call, target, errno.EBUSY, {errno.EBUSY: "processes inside do not end"}
            )
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 0.05)
