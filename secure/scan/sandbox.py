"""The worker locks itself in before it reads the first byte of a stranger's image.

    1. no_new_privs, not dumpable, dies with its parent
    2. rlimits: no file may grow, no core, few descriptors, bounded memory and processor time
    3. Landlock: nothing in the file system but the image itself, read only; no TCP
    4. seccomp: the calls that reading, computing and writing to a pipe need; the rest is EPERM

A flaw in a decompressor or in hyperscan then reaches a process that can't open, connect, start or
signal anything. What this machine lacks (an old kernel) is left out: the layer is still read.
"""

from __future__ import annotations

import os
import resource
import signal
import stat
from collections.abc import Sequence

from secure.errors import KernelError
from secure.kernel import landlock_ruleset as landlock
from secure.kernel.prctl import (
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    prctl,
)
from secure.kernel.seccomp import install_filter
from secure.oci.limits import GIB
from secure.scan.sandbox_filter import worker_filter

_MEMORY = 1 * GIB  # beyond what the parent's own mappings take; a pass needs 80 MiB of it
_CPU_S = 3_600  # a 128 GiB layer takes about 400 s
_DESCRIPTORS = 1_024  # a plain directory is walked with one for each level
_ALL_TCP = landlock.LANDLOCK_ACCESS_NET_BIND_TCP | landlock.LANDLOCK_ACCESS_NET_CONNECT_TCP
_ALL_SCOPES = landlock.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | landlock.LANDLOCK_SCOPE_SIGNAL


def lock_in(readable: Sequence[int]) -> None:
    """Give up everything a worker does not need, for good.

    Args:
        readable: descriptors of the files or directories that hold the image.

    Raises:
        KernelError: a step that this kernel has was refused.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    _set_limits()
    if version := landlock.abi():
        _enter_landlock(version, readable)
    _enter_seccomp()


def _set_limits() -> None:
    bounds = {
        resource.RLIMIT_AS: _mapped() + _MEMORY,
        resource.RLIMIT_CPU: _CPU_S,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _DESCRIPTORS,
    }
    for which, bound in bounds.items():
        hard = resource.getrlimit(which)[1]
        least = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (least, least))


def _mapped() -> int:
    """Bytes of address space this process has already (proc(5), statm)."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read(256).split()[0]) * resource.getpagesize()


def _enter_landlock(version: int, readable: Sequence[int]) -> None:
    landlock.restrict(
        [(fd, _rights(fd)) for fd in readable],
        fs=landlock.known_fs(version),
        net=_ALL_TCP if version >= 4 else 0,
        scoped=_ALL_SCOPES if version >= 6 else 0,
    )


def _rights(fd: int) -> int:
    """Directory rights on a file are EINVAL."""
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        return landlock.LANDLOCK_ACCESS_FS_READ_FILE | landlock.LANDLOCK_ACCESS_FS_READ_DIR
    return landlock.LANDLOCK_ACCESS_FS_READ_FILE


def _enter_seccomp() -> None:
    program = worker_filter()
    if not program:
        return
    try:
        install_filter(program)
    except KernelError as error:
        # EINVAL: a kernel built without filters. Everything else is worth stopping for.
        if error.number != 22:
            raise
