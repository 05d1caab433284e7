"""The five capability sets of a process (capabilities(7))."""

from __future__ import annotations

from secure import system as os
from secure.errors import KernelError
from secure.kernel import prctl
from secure.kernel.libc import syscall

NAMES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
)  # fmt: skip

_VERSION_3 = 0x20080522  # linux/capability.h, _LINUX_CAPABILITY_VERSION_3


def mask(names: tuple[str, ...]) -> int:
    """The bit mask of capability names."""
    return sum(1 << NAMES.index(name) for name in names)


def names(bits: int) -> tuple[str, ...]:
    """The names of a bit mask; bits this version does not know show as CAP_<number>."""
    known = range(bits.bit_length())
    return tuple(
        NAMES[bit] if bit < len(NAMES) else f"CAP_{bit}" for bit in known if bits >> bit & 1
    )


def last_capability() -> int:
    """The highest capability number the running kernel knows."""
    with open("/proc/sys/kernel/cap_last_cap", "rb") as file:
        return int(file.read())


def drop_bounding(keep: int, last: int) -> None:
    """Remove all but `keep` from the bounding set; `last` is `last_capability()`."""
    for number in range(last + 1):
        if not keep >> number & 1:
            prctl.prctl(prctl.PR_CAPBSET_DROP, number)


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """capset(2) for the calling thread."""
    header = _VERSION_3.to_bytes(4, "little") + bytes(4)
    halves = b"".join(
        (bits >> shift & 0xFFFFFFFF).to_bytes(4, "little")
        for shift in (0, 32)
        for bits in (effective, permitted, inheritable)
    )
    syscall("capset", header, halves, target=f"{permitted:#x}")


def set_sets(keep: int) -> None:
    """Leave exactly `keep` in all five sets but bounding.

    Ambient capabilities are how a program that is not root gets any under no_new_privs. They must
    be inheritable too, so with an empty `keep` inheritable is empty (CVE-2022-24769).
    """
    prctl.prctl(prctl.PR_CAP_AMBIENT, prctl.PR_CAP_AMBIENT_CLEAR_ALL)
    capset(keep, keep, keep)
    for number in range(keep.bit_length()):
        if keep >> number & 1:
            prctl.prctl(prctl.PR_CAP_AMBIENT, prctl.PR_CAP_AMBIENT_RAISE, number)


def set_each(effective: int, permitted: int, inheritable: int, ambient: int) -> None:
    """Set every set but bounding; an ambient capability must be permitted and inheritable.

    Raises:
        KernelError: a set would hold more than this process may.
    """
    prctl.prctl(prctl.PR_CAP_AMBIENT, prctl.PR_CAP_AMBIENT_CLEAR_ALL)
    capset(effective, permitted, inheritable)
    for number in range(ambient.bit_length()):
        if ambient >> number & 1:
            prctl.prctl(prctl.PR_CAP_AMBIENT, prctl.PR_CAP_AMBIENT_RAISE, number)


def own_bounding() -> int:
    """The bounding set of this process: what it could hand on at most."""
    with open("/proc/self/status", "rb") as file:
        for line in file:
            if line.startswith(b"CapBnd:"):
                return int(line.split()[1], 16)
    raise KernelError("read", f"/proc/{os.getpid()}/status", 0)
