"""A machine for the BPF that seccomp takes, to judge filters of any architecture.

Source: Linux networking/filter.rst; kernel/seccomp.c, seccomp_check_filter.
"""

from __future__ import annotations

import struct

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7, "i386": 0x40000003}
KILL_PROCESS, ALLOW = 0x80000000, 0x7FFF0000


def errno_action(number: int) -> int:
    """SECCOMP_RET_ERRNO with this errno."""
    return 0x00050000 | number


def judge(bpf: bytes, machine: str, number: int, arguments: tuple[int, ...] = ()) -> int:
    """The action for one call."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    # struct seccomp_data: nr, arch, instruction_pointer, args
    call = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, AUDIT_ARCH[machine], 0, *padded)
    program = list(struct.iter_unpack("=HBBI", bpf))
    accumulator = at = 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        match code:
            case 0x20:  # load a word of the call
                (accumulator,) = struct.unpack_from("<I", call, k)
            case 0x54:
                accumulator &= k
            case 0x05:
                at += k
            case 0x15:
                at += if_true if accumulator == k else if_false
            case 0x25:
                at += if_true if accumulator > k else if_false
            case 0x35:
                at += if_true if accumulator >= k else if_false
            case 0x06:
                return int(k)
            case _:
                raise AssertionError(f"instruction {code:#x} is not expected in a filter")
