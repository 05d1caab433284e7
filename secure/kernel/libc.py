"""The one door to the C library: `syscall` and the calls libc must make itself.

Built on `_ctypes`, the C half of ctypes: `import ctypes` alone costs 3.5 of the 20 ms of a launch.
"""

from __future__ import annotations

from _ctypes import (
    FUNCFLAG_CDECL,
    FUNCFLAG_PYTHONAPI,
    FUNCFLAG_USE_ERRNO,
    Array,
    CFuncPtr,
    _SimpleCData,
    dlopen,
    dlsym,
    get_errno,
)

from secure import system as os
from secure.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_RTLD_NOW = 2
_HANDLE = dlopen(None, _RTLD_NOW)  # type: ignore[arg-type]  # None is the program itself


class c_long(_SimpleCData):  # type: ignore[type-arg]  # noqa: N801 - the C type's name
    """C long: ctypes would pass a plain Python int as a 32-bit int."""

    _type_ = "l"


class _Pointer(_SimpleCData):  # type: ignore[type-arg]
    """void *: takes whole numbers of 64 bits, bytes, arrays and None."""

    _type_ = "P"


class _Function(CFuncPtr):
    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = c_long


class _SystemCall(CFuncPtr):
    """syscall(2): the kernel looks at as many of the six arguments as the call has."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO
    _restype_ = c_long
    _argtypes_ = (c_long, *[_Pointer] * 6)


class _FunctionWithGil(CFuncPtr):
    """Keeps the GIL: a clone(2) child must wake up holding it."""

    _flags_ = FUNCFLAG_CDECL | FUNCFLAG_USE_ERRNO | FUNCFLAG_PYTHONAPI
    _restype_ = c_long


_memset = _Function(dlsym(_HANDLE, "memset"))
_sched_getcpu = _Function(dlsym(_HANDLE, "sched_getcpu"))
_syscall = _SystemCall(dlsym(_HANDLE, "syscall"))
_syscall_with_gil = _FunctionWithGil(dlsym(_HANDLE, "syscall"))

_MACHINE = os.uname().machine
_X86_64 = {
    "ioctl": 16, "clone": 56, "prctl": 157, "pivot_root": 155, "mount": 165, "umount2": 166,
    "sethostname": 170, "setdomainname": 171, "setrlimit": 160, "capset": 126, "keyctl": 250,
    "socket": 41, "unshare": 272, "prlimit64": 302, "seccomp": 317, "close_range": 436,
    "setgroups": 116, "setresuid": 117, "setresgid": 119, "setns": 308,
    "sendmsg": 46, "recvmsg": 47, "socketpair": 53,
    "personality": 135, "ioprio_set": 251, "sched_setattr": 314,
}  # fmt: skip
_AARCH64 = {
    "ioctl": 29, "clone": 220, "prctl": 167, "pivot_root": 41, "mount": 40, "umount2": 39,
    "sethostname": 161, "setdomainname": 162, "setrlimit": 164, "capset": 91, "keyctl": 219,
    "socket": 198, "unshare": 97, "prlimit64": 261, "seccomp": 277, "close_range": 436,
    "setgroups": 159, "setresuid": 147, "setresgid": 149, "setns": 268,
    "sendmsg": 211, "recvmsg": 212, "socketpair": 199,
    "personality": 92, "ioprio_set": 30, "sched_setattr": 274,
}  # fmt: skip
# Since Linux 5.1 every architecture numbers new calls alike (arch/*/syscall.tbl).
_ALIKE = {
    "pidfd_send_signal": 424, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "pidfd_open": 434, "openat2": 437, "mount_setattr": 442,
    "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446,
}  # fmt: skip
NUMBERS = (_AARCH64 if _MACHINE == "aarch64" else _X86_64) | _ALIKE


_NOTHING = (0,) * 6


def syscall(
    name: str,
    *arguments: int | bytes | Array[c_long] | None,
    target: bytes | str = b"",
    means: Mapping[int, str] | None = None,
) -> int:
    """Make the system call `name`; bytes and arrays are passed as pointers to their first item.

    Raises:
        KernelError: it returned -1; `target` and `means` make the message.
    """
    result = int(_syscall(NUMBERS[name], *arguments, *_NOTHING[len(arguments) :]))
    if result == -1:
        raise KernelError(name, target, get_errno(), means)
    return result


def wipe(address: int, length: int) -> None:
    """Overwrite memory of this process with zeros."""
    _memset(c_long(address), c_long(0), c_long(length))


def argument_memory() -> tuple[int, int]:
    """Where the kernel reads /proc/PID/cmdline of this process: address and length (proc(5))."""
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start, arg_end: fields 48 and 49
    return start, end - start


def current_processor() -> int:
    """sched_getcpu(3): the number of the processor that runs us now."""
    return int(_sched_getcpu())


def mallopt(option: int, value: int) -> bool:
    """mallopt(3): set an option of this process's malloc; false where the C library has none."""
    try:
        address = dlsym(_HANDLE, "mallopt")
    except OSError:  # musl
        return False
    return bool(_Function(address)(c_long(option), c_long(value)))


def clone(flags: int) -> int:
    """clone(2) without a new stack, like fork(2) but into new namespaces; 0 in the child.

    The child is a copy of the calling thread only and Python has not been told of the fork: it must
    stay single-threaded and end in execve or `os._exit`.
    """
    parent_tid = child_tid = tls = 0
    order = (flags, 0, parent_tid, tls, child_tid)
    result = int(_syscall_with_gil(c_long(NUMBERS["clone"]), *(c_long(item) for item in order)))
    if result == -1:
        raise KernelError("clone", f"{flags:#x}", get_errno())
    return result
