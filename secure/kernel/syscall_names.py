"""The names of system calls, from libseccomp."""

from __future__ import annotations

from _ctypes import FUNCFLAG_CDECL, CFuncPtr, _SimpleCData, dlopen, dlsym

from secure.kernel.libc import c_long

_RTLD_NOW = 2
_NATIVE = 0  # SCMP_ARCH_NATIVE


class c_char_p(_SimpleCData):  # type: ignore[type-arg]  # noqa: N801 - the C type's name
    """char *, None for NULL."""

    _type_ = "z"


class _Resolve(CFuncPtr):
    """(uint32_t arch_token, int num) -> char *: seccomp_resolve_num_arch(3)."""

    _flags_ = FUNCFLAG_CDECL
    _restype_ = c_char_p
    _argtypes_ = (c_long, c_long)


def system_call_name(number: int) -> str:
    """The name of this machine's call `number`; "call 1234" where nobody here knows it."""
    try:
        library = dlopen("libseccomp.so.2", _RTLD_NOW)
        resolve = _Resolve(dlsym(library, "seccomp_syscall_resolve_num_arch"))
    except OSError:
        return f"call {number}"
    found: object = resolve(_NATIVE, number)
    return found.decode("ascii", "replace") if isinstance(found, bytes) else f"call {number}"
