"""prctl(2)."""

from __future__ import annotations

from secure.kernel.libc import syscall

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_NAME = 15
PR_GET_SECCOMP = 21
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
PR_CAP_AMBIENT_CLEAR_ALL = 4

# SECBIT_NOROOT and SECBIT_NO_SETUID_FIXUP, both locked: uid 0 and setuid(2) give no capabilities.
SECBITS_NO_ROOT = 0b1111


def prctl(option: int, argument: int | bytes = 0, third: int = 0) -> int:
    """prctl(2); unused arguments are 0, as the kernel demands for many options."""
    return syscall("prctl", option, argument, third, 0, 0, target=f"option {option}")
