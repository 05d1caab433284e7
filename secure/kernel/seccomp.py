"""seccomp(2): put a compiled filter on this process."""

from __future__ import annotations

import errno
import sys
from _ctypes import _SimpleCData

from secure.errors import KernelError, MachineError
from secure.kernel.libc import syscall
from secure.kernel.prctl import PR_GET_SECCOMP, prctl

SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_TSYNC = 1 << 0
SECCOMP_FILTER_FLAG_LOG = 1 << 1
SECCOMP_FILTER_FLAG_NEW_LISTENER = 1 << 3
SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV = 1 << 5  # since Linux 5.19

# struct sock_filter is 8 bytes; BPF_MAXINSNS is the kernel's bound.
INSTRUCTION_BYTES = 8
BPF_MAXINSNS = 4096

USER_NOTIF = "user_notif"  # the action that asks a listener, since Linux 5.0
_ACTIONS_FILE = "/proc/sys/kernel/seccomp/actions_avail"
_MEANS = {
    errno.EBUSY: "this process is behind a filter with a listener, and the kernel takes one",
    errno.EACCES: "no_new_privs is not set, and CAP_SYS_ADMIN is not held",
    errno.EINVAL: "the kernel does not accept the program or a flag",
    errno.ENOMEM: "the filters of this process are too large together",
    errno.ENOSYS: "this kernel is built without seccomp",
}


class c_char_p(_SimpleCData):  # type: ignore[type-arg]  # noqa: N801 - the C type's name
    """char *: its own memory holds the address of the bytes."""

    _type_ = "z"


def available() -> tuple[str, ...]:
    """The actions this kernel knows, strictest first; empty without seccomp.

    Source: Linux userspace-api/seccomp_filter, "actions_avail" (since 4.14).
    """
    try:
        with open(_ACTIONS_FILE, "rb", 0) as file:
            return tuple(file.read(1024).decode().split())
    except FileNotFoundError:
        return ()


def knows_flags(flags: int) -> bool:
    """Whether this kernel takes a filter with all of SECCOMP_FILTER_FLAG_…; none is installed."""
    try:
        syscall("seccomp", SECCOMP_SET_MODE_FILTER, flags, None, target="flags")
    except KernelError as error:
        return error.number == errno.EFAULT  # flags are looked at before the filter
    return False


def may_listen(actions: tuple[str, ...]) -> bool:
    """Whether a filter that this process installs can have a listener.

    A process has one listener at most, and we cannot see whether a filter that we were started
    behind (by LXD, for instance) has it: then the answer is no.

    Args:
        actions: as `available` tells them.
    """
    return USER_NOTIF in actions and prctl(PR_GET_SECCOMP) == 0


def install_filter(bpf: bytes, flags: int = 0) -> int:
    """Filter every later system call of this thread and its descendants, for good.

    no_new_privs must be set. Nothing of Python may be needed after it that the filter refuses.

    Args:
        bpf: an array of struct sock_filter, as `seccomp_profile.load_filter` returns it.
        flags: SECCOMP_FILTER_FLAG_….

    Returns:
        With SECCOMP_FILTER_FLAG_NEW_LISTENER its listener, see `install_watched`; else 0.

    Raises:
        MachineError: `bpf` is not a whole number of instructions, or none, or over 4096.
        KernelError: the kernel refused it.
    """
    count, rest = divmod(len(bpf), INSTRUCTION_BYTES)
    if rest or not 1 <= count <= BPF_MAXINSNS:
        raise MachineError(
            f"a seccomp filter of {len(bpf)} bytes is not 1 to {BPF_MAXINSNS} instructions",
            do="Remove the compiled filter from the cache; it is made again.",
        )
    pointer = c_char_p(bpf)
    # struct sock_fprog: unsigned short len, padding, struct sock_filter *filter.
    fprog = count.to_bytes(2, sys.byteorder) + bytes(6) + bytes(memoryview(pointer))
    try:
        return syscall(
            "seccomp", SECCOMP_SET_MODE_FILTER, flags, fprog, target="filter", means=_MEANS
        )
    except KernelError as error:
        error.do = "Set no_new_privs first." if error.number == errno.EACCES else ""
        raise


def install_watched(bpf: bytes) -> int:
    """`install_filter` of the form that asks a listener; the listener, close-on-exec."""
    try:
        # A call that is being answered is not interrupted: programs do not expect EINTR of most.
        flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
        return install_filter(bpf, flags)
    except KernelError as error:
        if error.number != errno.EINVAL:  # an older kernel does not know the second flag
            raise
        return install_filter(bpf, SECCOMP_FILTER_FLAG_NEW_LISTENER)
