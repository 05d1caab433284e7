"""openat2(2), Linux 5.6: open a path without leaving a directory and without following links."""

from __future__ import annotations

import errno

from secure import system as os
from secure.errors import KernelError
from secure.kernel.libc import syscall

RESOLVE_NO_XDEV = 0x01
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10
# A path as a program inside the container means it, and one that must have no link on its way.
IN_IMAGE = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
NO_LINKS = IN_IMAGE | RESOLVE_NO_SYMLINKS

_MEANS = {
    errno.ELOOP: "a symbolic link stands in the way",
    errno.EXDEV: "the path leaves its directory",
    errno.ENOSYS: "this kernel has no openat2 (Linux 5.6)",
    errno.EAGAIN: "files are renamed or mounts are changed all the time",
}
# Whoever renames without a pause makes one in a few fail, never all: this many end, if need be.
_TRIES = 1_000


def openat2(dirfd: int, path: bytes, flags: int, resolve: int, mode: int = 0) -> int:
    """A new descriptor, always close-on-exec.

    Args:
        flags: O_… as for open(2). mode: only with O_CREAT.
        resolve: RESOLVE_… flags.

    Raises:
        KernelError: with what errno means here.
    """
    # struct open_how { u64 flags, mode, resolve }
    how = b"".join(part.to_bytes(8, "little") for part in (flags | os.O_CLOEXEC, mode, resolve))
    tries = _TRIES
    while True:
        try:
            return syscall("openat2", dirfd, path, how, len(how), target=path, means=_MEANS)
        except KernelError as error:
            # openat2(2): at a ".." something was renamed or mounted meanwhile, wherever on this
            # machine, and it might have led out. Asked again, the answer is as safe.
            tries -= 1
            if error.number != errno.EAGAIN or not tries:
                raise
