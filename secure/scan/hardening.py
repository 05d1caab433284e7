"""How an ELF program is hardened, as its own tables tell it.

Sources: the linker's manual (-z relro, -z now, -z execstack, -pie); execve(2) for the stack.
"""

from __future__ import annotations

from secure.facts.executable import ExecutableFact, ExecutableKind, Relro
from secure.facts.location import Location, text
from secure.scan.formats.elf import (
    DF_1_NOW,
    DF_1_PIE,
    DF_BIND_NOW,
    DT_BIND_NOW,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_NEEDED,
    ET_DYN,
    ET_EXEC,
    PF_X,
    PT_GNU_RELRO,
    PT_GNU_STACK,
    PT_INTERP,
    SHT_SYMTAB,
    Elf,
)
from secure.scan.formats.pieces import NotKeptError

# What a function with a stack protector calls, or reads, when it ends (GCC, Intel's compiler).
_CANARIES = (b"\0__stack_chk_fail\0", b"\0__stack_chk_guard\0", b"\0__stack_chk_fail_local\0",
             b"\0__intel_security_cookie\0")  # fmt: skip
_MACHINES = {
    3: "i386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 43: "sparc64",
    62: "x86_64", 183: "aarch64", 243: "riscv", 258: "loongarch",
}  # fmt: skip


def executable_fact(name: bytes, elf: Elf) -> ExecutableFact | None:
    """The fact of a program or library; None for object files, kernel modules and core dumps.

    Raises:
        FormatError: its tables contradict each other, or were not kept.
    """
    if elf.type not in (ET_EXEC, ET_DYN):
        return None
    dynamic = elf.dynamic()
    interpreted = elf.segment(PT_INTERP) is not None
    pie = bool(dynamic.get(DT_FLAGS_1, 0) & DF_1_PIE)
    # Before 2016 linkers did not mark a PIE; what is a library then is not started by the kernel.
    is_program = elf.type == ET_EXEC or pie or interpreted
    stack = elf.segment(PT_GNU_STACK)
    return ExecutableFact(
        location=Location(text(name), 0),
        kind=ExecutableKind.PROGRAM if is_program else ExecutableKind.LIBRARY,
        machine=_MACHINES.get(elf.machine, f"machine {elf.machine}"),
        pie=elf.type == ET_DYN,
        relro=_relro(elf, dynamic),
        # Without the header the kernel allows everything that old compilers took for granted.
        nx=stack is not None and not stack.flags & PF_X,
        canary=_canary(elf, dynamic),
        stripped=_stripped(elf),
        static=is_program and not interpreted and DT_NEEDED not in dynamic,
        build_id=elf.build_id(),
    )


def _relro(elf: Elf, dynamic: dict[int, int]) -> Relro:
    if elf.segment(PT_GNU_RELRO) is None:
        return Relro.NONE
    now = (
        DT_BIND_NOW in dynamic
        or dynamic.get(DT_FLAGS, 0) & DF_BIND_NOW
        or dynamic.get(DT_FLAGS_1, 0) & DF_1_NOW
    )
    return Relro.FULL if now else Relro.PARTIAL


def _canary(elf: Elf, dynamic: dict[int, int]) -> bool | None:
    if DT_NEEDED in dynamic:
        names = elf.dynamic_strings(dynamic)
        return names is not None and elf.pieces.holds(_CANARIES, names.offset, names.size)
    if elf.sections is None:
        return None
    symbols = elf.section(b".strtab")
    if symbols is None:
        return None
    try:
        return elf.pieces.holds(_CANARIES, symbols.offset, symbols.size)
    except NotKeptError:
        return None


def _stripped(elf: Elf) -> bool | None:
    if elf.sections is None:
        return None
    return not any(kind == SHT_SYMTAB for _, kind, _, _ in elf.sections)
