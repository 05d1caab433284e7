"""Resource limits of this process by prlimit(2); the `resource` module costs a launch 0.3 ms."""

from __future__ import annotations

from _ctypes import Array

from secure.kernel.libc import c_long, syscall

# asm-generic/resource.h; the names of /etc/security/limits.conf and of `docker run --ulimit`.
RLIMITS = {
    "cpu": 0, "fsize": 1, "data": 2, "stack": 3, "core": 4, "rss": 5, "nproc": 6, "nofile": 7,
    "memlock": 8, "as": 9, "locks": 10, "sigpending": 11, "msgqueue": 12, "nice": 13,
    "rtprio": 14, "rttime": 15,
}  # fmt: skip
UNLIMITED = -1  # RLIM_INFINITY, as a signed number


class _Rlimit(Array[c_long]):
    """struct rlimit64: soft and hard."""

    _type_ = c_long
    _length_ = 2


def hard_limit(name: str) -> int:
    """The hard limit of this process, `UNLIMITED` if there is none; units as in getrlimit(2)."""
    limit = _Rlimit()
    syscall("prlimit64", 0, RLIMITS[name], None, limit, target=name)
    return int(limit[1])


def set_rlimit(name: str, soft: int, hard: int) -> None:
    """Set both limits of this process.

    Raises:
        KernelError: the hard limit would rise (only CAP_SYS_RESOURCE may), or soft is above it.
    """
    limit = soft.to_bytes(8, "little", signed=True) + hard.to_bytes(8, "little", signed=True)
    syscall("prlimit64", 0, RLIMITS[name], limit, None, target=name)
