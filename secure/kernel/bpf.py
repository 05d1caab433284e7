"""What a seccomp filter answers to one call: the kernel's little machine, as far as filters use it.

Source: Linux networking/filter.rst; kernel/seccomp.c, `seccomp_check_filter`.
"""

from __future__ import annotations

from secure.errors import MachineError

ACTION = 0xFFFF0000  # SECCOMP_RET_ACTION_FULL
DATA = 0x0000FFFF  # SECCOMP_RET_DATA
RET_ERRNO = 0x00050000
RET_USER_NOTIF = 0x7FC00000
RET_ALLOW = 0x7FFF0000

_LOAD_WORD, _AND, _JUMP, _EQUAL, _GREATER, _AT_LEAST, _RETURN = (
    0x20, 0x54, 0x05, 0x15, 0x25, 0x35, 0x06,
)  # fmt: skip


def answer(program: bytes, call: bytes) -> int:
    """The whole return value of `program`, an array of struct sock_filter.

    Args:
        call: struct seccomp_data, 64 bytes.

    Raises:
        MachineError: the program has an instruction that libseccomp does not make.
    """
    accumulator = at = 0
    # Jumps lead forward only, so this ends.
    while at < len(program):
        code = int.from_bytes(program[at : at + 2], "little")
        if_true, if_false = program[at + 2], program[at + 3]
        k = int.from_bytes(program[at + 4 : at + 8], "little")
        at += 8
        if code == _RETURN:
            return k
        if code == _LOAD_WORD:
            accumulator = int.from_bytes(call[k : k + 4], "little")
        elif code == _AND:
            accumulator &= k
        elif code == _JUMP:
            at += k * 8
        elif code in {_EQUAL, _GREATER, _AT_LEAST}:
            holds = accumulator == k if code == _EQUAL else accumulator > k - (code == _AT_LEAST)
            at += (if_true if holds else if_false) * 8
        else:
            break
    raise MachineError("the seccomp filter in the cache cannot be read", do="Clear the cache.")
