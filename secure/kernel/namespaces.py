"""Namespace flags, unshare(2), setns(2) and user-namespace id maps."""

from __future__ import annotations

import errno

from secure import system as os
from secure.errors import KernelError
from secure.kernel.libc import syscall

CLONE_NEWNS = 0x20000
CLONE_NEWCGROUP = 0x2000000
CLONE_NEWUTS = 0x4000000
CLONE_NEWIPC = 0x8000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# Names as in /proc/PID/ns, with the flag that makes each.
NAMESPACES = (
    ("user", CLONE_NEWUSER),
    ("mnt", CLONE_NEWNS),
    ("pid", CLONE_NEWPID),
    ("net", CLONE_NEWNET),
    ("uts", CLONE_NEWUTS),
    ("ipc", CLONE_NEWIPC),
    ("cgroup", CLONE_NEWCGROUP),
)

_NS_GET_USERNS = 0xB701

_MAP_MEANS = {
    errno.EPERM: "the kernel refuses this id map: the ids outside are not the caller's to give",
    errno.EINVAL: "the id map is malformed or overlaps",
}


def unshare(flags: int) -> None:
    """unshare(2)."""
    syscall("unshare", flags, target=f"{flags:#x}")


def setns(fd: int, flags: int) -> None:
    """setns(2)."""
    syscall("setns", fd, flags, target=f"{flags:#x}")


def owner(fd: int) -> int:
    """The user namespace that the namespace behind `fd` belongs to, as a descriptor (ioctl_ns(2)).

    -1 where that lies outside of the caller's.
    """
    import fcntl

    try:
        return fcntl.ioctl(fd, _NS_GET_USERNS)
    except PermissionError:
        return -1


def in_first_user_namespace() -> bool:
    """Ids here are those of the machine: uid 0 is its root, not somebody's in a namespace."""
    with open("/proc/self/uid_map", "rb") as file:
        return file.read(64).split() == [b"0", b"0", b"4294967295"]


def map_lines(rows: tuple[tuple[int, int, int], ...]) -> bytes:
    """(inside, outside, count) rows in the form of user_namespaces(7)."""
    return "".join(f"{inside} {outside} {count}\n" for inside, outside, count in rows).encode()


def write_maps(
    pid: int, uid_rows: tuple[tuple[int, int, int], ...], gid_rows: tuple[tuple[int, int, int], ...]
) -> None:
    """Write setgroups, uid_map and gid_map of a process in a new user namespace.

    setgroups is denied first: an unprivileged caller must (user_namespaces(7)), and for others it
    keeps "negative" group permissions in force (CVE-2014-8989).

    Raises:
        KernelError: the kernel refuses the map.
    """
    if os.geteuid() != 0:
        _write(f"/proc/{pid}/setgroups", b"deny")
    _write(f"/proc/{pid}/uid_map", map_lines(uid_rows))
    _write(f"/proc/{pid}/gid_map", map_lines(gid_rows))


def _write(path: str, content: bytes) -> None:
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, content)
        finally:
            os.close(fd)
    except OSError as cause:
        raise KernelError("write", path, cause.errno or 0, _MAP_MEANS) from cause
