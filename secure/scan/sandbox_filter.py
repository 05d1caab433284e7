"""The seccomp filter of a worker, written out: 60 instructions, no library, no cache.

An allow-list, because what is not thought of must fail; it fails with EPERM, so that a libc that
asks for something else is told no instead of being killed. Source: Linux
userspace-api/seccomp_filter; numbers from arch/x86/entry/syscalls/syscall_64.tbl and
include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import errno
import os
import struct

_RETURN_ALLOW = 0x7FFF0000
_RETURN_ERRNO = 0x00050000
_RETURN_KILL = 0x80000000
_LOAD, _JUMP_EQUAL, _JUMP_SET, _JUMP_LESS, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_OFFSET_NUMBER, _OFFSET_ARCH, _OFFSET_ARGUMENTS = 0, 4, 16

# What would change a file: everything beside O_RDONLY in these bits (open(2)).
_O_CHANGES = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC | os.O_APPEND | (0o20000000)  # __O_TMPFILE
_CLONE_THREAD = 0x00010000

# (x86_64, aarch64); -1 where the machine has no such call.
_ALLOWED = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66), "mremap": (25, 216),
    "madvise": (28, 233), "dup": (32, 23), "getpid": (39, 172), "exit": (60, 93),
    "fcntl": (72, 25), "getdents64": (217, 61), "readlink": (89, -1), "readlinkat": (267, 78),
    "stat": (4, -1), "lstat": (6, -1), "newfstatat": (262, 79), "statx": (332, 291),
    "access": (21, -1), "getcwd": (79, 17), "sysinfo": (99, 179), "getrusage": (98, 165),
    "gettid": (186, 178), "futex": (202, 98), "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124), "restart_syscall": (219, 128), "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115), "exit_group": (231, 94), "set_robust_list": (273, 99),
    "getrandom": (318, 278), "rseq": (334, 293), "sigaltstack": (131, 132), "fadvise64": (221, 223),
    "lgetxattr": (192, 9), "llistxattr": (195, 12), "fgetxattr": (193, 10), "flistxattr": (196, 13),
    "getuid": (102, 174), "geteuid": (107, 175), "tgkill": (234, 131), "poll": (7, -1),
    "ppoll": (271, 73),
}  # fmt: skip
_OPENAT = (257, 56)
_OPEN = (2, -1)
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000


def worker_filter() -> bytes:
    """The program for this machine; empty on machines whose numbers are not listed here."""
    machine = _MACHINES.get(os.uname().machine)
    if machine is None:
        return b""
    column, arch = machine
    refuse = _step(_RETURN, _RETURN_ERRNO | errno.EPERM)
    allow = _step(_RETURN, _RETURN_ALLOW)
    program = [
        _step(_LOAD, _OFFSET_ARCH),
        # Calls of another architecture have other meanings under the same numbers.
        _step(_JUMP_EQUAL, arch, yes=1),
        _step(_RETURN, _RETURN_KILL),
        _step(_LOAD, _OFFSET_NUMBER),
        _step(_JUMP_LESS, _X32_BIT, no=1),
        refuse,
    ]
    for numbers in _ALLOWED.values():
        if numbers[column] >= 0:
            program += [_step(_JUMP_EQUAL, numbers[column], no=1), allow]
    # clone3 hides its flags in memory: ENOSYS makes libc take clone.
    program += [_step(_JUMP_EQUAL, _CLONE3[column], no=1)]
    program += [_step(_RETURN, _RETURN_ERRNO | errno.ENOSYS)]
    program += _only_if(_CLONE[column], 0, _CLONE_THREAD, wanted=True)
    program += _only_if(_OPENAT[column], 2, _O_CHANGES, wanted=False)
    program += _only_if(_OPEN[column], 1, _O_CHANGES, wanted=False)
    return b"".join([*program, refuse])


def _only_if(number: int, argument: int, bits: int, *, wanted: bool) -> list[bytes]:
    """Allow a call whose argument has one of `bits`, or has none of them."""
    if number < 0:
        return []
    verdicts = (_RETURN_ALLOW, _RETURN_ERRNO | errno.EPERM)
    set_, unset = verdicts if wanted else verdicts[::-1]
    return [
        _step(_JUMP_EQUAL, number, no=4),
        _step(_LOAD, _OFFSET_ARGUMENTS + 8 * argument),  # the lower half: both are little-endian
        _step(_JUMP_SET, bits, no=1),
        _step(_RETURN, set_),
        _step(_RETURN, unset),
    ]


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One struct sock_filter."""
    return struct.pack("=HBBI", code, yes, no, value)
