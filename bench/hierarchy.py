"""A cgroup hierarchy that crun accepts, for this process and its children alone.

crun refuses a machine that has version 1 hierarchies beside a version 2 one with a controller in
it. In a mount namespace of our own those controllers go to version 1, until we end.
"""

from __future__ import annotations

import ctypes
import os

_CLONE_NEWNS = 0x20000
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_UNIFIED = "/sys/fs/cgroup/unified/cgroup.controllers"


def private_hierarchy(folder: str) -> None:
    """Leave the machine's mount namespace, where root measures on such a machine.

    Args:
        folder: where the hierarchy may be mounted.

    Raises:
        OSError: the kernel refuses.
    """
    names = ",".join(_left_over())
    if os.geteuid() != 0 or not names:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    flags = ctypes.c_ulong
    place = f"{folder}/hierarchy"
    os.mkdir(place)
    _check(libc.unshare(_CLONE_NEWNS))
    _check(libc.mount(None, b"/", None, flags(_MS_REC | _MS_PRIVATE), None))
    _check(libc.mount(b"none", place.encode(), b"cgroup", flags(0), names.encode()))


def _left_over() -> list[str]:
    """Controllers of a version 2 hierarchy that lies beside version 1 ones."""
    try:
        with open(_UNIFIED, encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a private cgroup hierarchy: {os.strerror(number)}")
