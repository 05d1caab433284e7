"""From the rules of a profile to one BPF program, by libseccomp.

libseccomp cannot say "any request but these two" on the 32 bits that the kernel looks at: its
"not equal" compares 64 bits, and a caller who sets the upper ones walks past it (CVE-2019-7303).
So several programs are made and joined; each goes on to the next where it has no answer:

    refusals with arguments  ->  permissions  ->  refusals without arguments, then the default

Hence the order in which a profile is judged, stricter first: a refusal with arguments beats every
permission, and a refusal without arguments is the "else" of permissions with arguments.

Calls of another architecture (int 0x80, x32) kill the process: their numbers mean other calls.
"""

from __future__ import annotations

import os
import struct
from _ctypes import FUNCFLAG_CDECL, CFuncPtr, _Pointer, _SimpleCData, dlopen, dlsym
from typing import TYPE_CHECKING, NamedTuple

from secure.errors import MachineError, PolicyFileError
from secure.kernel.seccomp import BPF_MAXINSNS
from secure.kernel.seccomp_rules import ARCHITECTURES, Action, Comparison, Profile, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

ALLOW = Action("SCMP_ACT_ALLOW")
# Stands for "no answer here" in the second program; profiles cannot use SCMP_ACT_TRACE.
_GO_ON = Action("SCMP_ACT_TRACE", 0x5EC)
_NOTIFY = Action("SCMP_ACT_NOTIFY")
_KERNEL_ACTIONS = {
    "SCMP_ACT_KILL": 0x00000000,
    "SCMP_ACT_KILL_THREAD": 0x00000000,
    "SCMP_ACT_KILL_PROCESS": 0x80000000,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_ERRNO": 0x00050000,
    "SCMP_ACT_TRACE": 0x7FF00000,
    "SCMP_ACT_NOTIFY": 0x7FC00000,
    "SCMP_ACT_LOG": 0x7FFC0000,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
}
_STRICTEST = 0x80000000  # the kernel compares actions as signed numbers
_BPF_RET_K = 0x06
_BPF_JMP_JA = 0x05
_UNKNOWN_NAME = -1
_INSTRUCTION = struct.Struct("=HBBI")

LIBSECCOMP_MISSING = "libseccomp.so.2 is not on this machine; it compiles seccomp profiles"
LIBSECCOMP_DO = "Install it: apt-get install libseccomp2"
_RTLD_NOW = 2


class _uint(_SimpleCData):  # type: ignore[type-arg]  # noqa: N801 - the C type's name
    _type_ = "I"


class _uint_p(_Pointer):  # type: ignore[type-arg]  # noqa: N801 - the C type's name
    _type_ = _uint


class _VersionFunction(CFuncPtr):
    _flags_ = FUNCFLAG_CDECL
    _restype_ = _uint_p


def libseccomp_version() -> str:
    """The version of the library that would compile, e.g. "2.5.4".

    It knows the system calls of its day only, so a newer one makes another filter.

    Raises:
        MachineError: there is no libseccomp.
    """
    try:
        library = dlopen("libseccomp.so.2", _RTLD_NOW)
    except OSError as error:
        raise MachineError(LIBSECCOMP_MISSING, do=LIBSECCOMP_DO) from error
    version = _VersionFunction(dlsym(library, "seccomp_version"))()
    return f"{version[0]}.{version[1]}.{version[2]}"


class CompiledFilter(NamedTuple):
    """A filter, and what of its profile is not in it.

    Args:
        bpf: an array of struct sock_filter.
        watched: the same, but a refusal with an errno asks the filter's listener first, unless its
            rule is quiet. The listener must answer as `bpf` does.
        unknown_names: optional names this libseccomp does not know: they get the default action.
        elsewhere: names of calls that other architectures have and this one has not.
        refused_architectures: listed in the profile and not served: their calls kill the process.
    """

    bpf: bytes
    watched: bytes
    unknown_names: tuple[str, ...]
    elsewhere: tuple[str, ...]
    refused_architectures: tuple[str, ...]


def compile_rules(profile: Profile, machine: str) -> CompiledFilter:
    """Compile for `machine` (as uname(2) says it), which need not be this one.

    Raises:
        PolicyFileError: a name is unknown and not optional, or the profile is not for `machine`.
        MachineError: libseccomp is missing, or refuses a rule.
    """
    names = {machine_: name for name, machine_ in ARCHITECTURES.items()}
    if names.get(machine) not in profile.architectures:
        raise PolicyFileError(
            f'seccomp profile: architectures has no entry for "{machine}"',
            do=f"Add {names[machine]}." if machine in names else "Only x86_64 and aarch64 work.",
        )
    library = _pyseccomp()
    unknown, elsewhere = _resolve(library, profile.rules, machine)
    bpf = b"".join(_programs(library, profile, machine))
    watched = b"".join(_programs(library, _asking(profile), machine))
    if max(len(bpf), len(watched)) // _INSTRUCTION.size > BPF_MAXINSNS:
        raise PolicyFileError(
            f"seccomp profile: {len(bpf) // _INSTRUCTION.size} instructions, the kernel takes "
            f"{BPF_MAXINSNS}",
            do="Use fewer rules with arguments.",
        )
    refused = tuple(name for name in profile.architectures if name not in ARCHITECTURES)
    return CompiledFilter(bpf, watched, unknown, elsewhere, refused)


def _asking(profile: Profile) -> Profile:
    """The profile in which refusals with an errno go to the listener, quiet rules excepted."""

    def asks(action: Action) -> Action:
        return _NOTIFY if action.name == "SCMP_ACT_ERRNO" else action

    rules = tuple(
        rule if rule.quiet else rule._replace(action=asks(rule.action)) for rule in profile.rules
    )
    return Profile(asks(profile.default), profile.architectures, rules)


def _pyseccomp() -> ModuleType:
    libseccomp_version()
    try:
        import pyseccomp
    except ImportError as error:
        raise MachineError(
            "pyseccomp is not in this Python", do="Install it: pip install pyseccomp"
        ) from error
    except RuntimeError as error:
        raise MachineError(LIBSECCOMP_MISSING, do=LIBSECCOMP_DO) from error
    return pyseccomp  # type: ignore[no-any-return]  # the package has no types


def _resolve(
    library: ModuleType, rules: Iterable[Rule], machine: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that libseccomp does not know, and names that are not calls of `machine`."""
    arch = _arch(library, machine)
    unknown: set[str] = set()
    wrong: set[str] = set()
    elsewhere: set[str] = set()
    for rule in rules:
        for name in rule.names:
            number = _number(library, arch, name)
            if number == _UNKNOWN_NAME:
                (unknown if rule.optional else wrong).add(name)
            elif number < 0:
                elsewhere.add(name)
    if wrong:
        raise PolicyFileError(
            "seccomp profile: no such system call: " + ", ".join(sorted(wrong)),
            do=f"Correct the name, or, if libseccomp {libseccomp_version()} is older than the "
            'call, give the rule "optional": true.',
        )
    return tuple(sorted(unknown)), tuple(sorted(elsewhere))


def _number(library: ModuleType, arch: int, name: str) -> int:
    """The number of a call; -1 if the library knows none, below that if only others have it."""
    try:
        return int(library.resolve_syscall(arch, name))
    except (ValueError, OSError):
        return _UNKNOWN_NAME


def _arch(library: ModuleType, machine: str) -> int:
    return int(library.Arch.X86_64 if machine == "x86_64" else library.Arch.AARCH64)


def _programs(library: ModuleType, profile: Profile, machine: str) -> Iterable[bytes]:
    refusals = [rule for rule in profile.rules if rule.args and rule.action != ALLOW]
    refusals.sort(key=lambda rule: _KERNEL_ACTIONS[rule.action.name] ^ _STRICTEST)
    permissions = [rule for rule in profile.rules if rule.action == ALLOW]
    rest = [rule for rule in profile.rules if not rule.args and rule.action != ALLOW]
    for group in _apart(refusals):
        program = _build(library, ALLOW, group, machine)
        yield _replace_return(program, ALLOW)
    for group in _apart(permissions):
        program = _build(library, _GO_ON, group, machine)
        yield _replace_return(program, _GO_ON)
    yield _build(library, profile.default, rest, machine)


def _apart(rules: list[Rule]) -> Iterable[list[Rule]]:
    """`rules` in groups that libseccomp may see together.

    libseccomp (2.5.4) mixes up rules for one call that compare the same arguments: "less than 1"
    beside "less than 2^32" lets 5 pass, and "the third is 0" beside "the first is 0 and the third
    is not" forgets the second. Only lists of values that the same bits of one argument may have
    are safe.
    """
    groups: list[list[Rule]] = []
    for rule in rules:
        fitting = (group for group in groups if all(_go_together(rule, one) for one in group))
        if (group := next(fitting, None)) is not None:
            group.append(rule)
        else:
            groups.append([rule])
    return groups


def _go_together(one: Rule, other: Rule) -> bool:
    if not (one.args and other.args) or not set(one.names) & set(other.names):
        return True
    compared = {_left_side(item) for rule in (one, other) for item in rule.args}
    return len(compared) == 1 and None not in compared


def _left_side(item: Comparison) -> tuple[int, int] | None:
    """Which bits of which argument are to equal a value; None for other comparisons."""
    if item.op == "SCMP_CMP_MASKED_EQ":
        return item.arg, item.value
    return (item.arg, _ALL_BITS) if item.op == "SCMP_CMP_EQ" else None


_ALL_BITS = (1 << 64) - 1


def _build(library: ModuleType, default: Action, rules: list[Rule], machine: str) -> bytes:
    """One program of libseccomp: `default` where no rule holds."""
    try:
        made = library.SyscallFilter(_kernel_action(default))
        made.set_attr(library.Attr.ACT_BADARCH, _KERNEL_ACTIONS["SCMP_ACT_KILL_PROCESS"])
        made.set_attr(library.Attr.CTL_OPTIMIZE, 2)  # a binary tree: 9 comparisons, not 300
        arch = _arch(library, machine)
        if machine != os.uname().machine:
            made.add_arch(arch)
            made.remove_arch(library.Arch.NATIVE)
        for rule in rules:
            _add(library, made, rule, arch, default)
        return _export(made)
    except OSError as error:
        raise MachineError(
            f"libseccomp {libseccomp_version()} refuses the seccomp profile: {error.strerror}",
            do="Use libseccomp 2.5.0 or newer.",
        ) from error


def _add(library: ModuleType, made: object, rule: Rule, arch: int, default: Action) -> None:
    # libseccomp refuses a rule that says what the default says anyway.
    if rule.action == default:
        return
    args = [
        library.Arg(
            item.arg,
            getattr(library, item.op.removeprefix("SCMP_CMP_")),
            item.value,
            item.value_two,
        )
        for item in rule.args
    ]
    for name in rule.names:
        # The number of this machine's call stands for its name; libseccomp translates it.
        if _number(library, arch, name) >= 0:
            native = _number(library, library.Arch.NATIVE, name)
            made.add_rule(_kernel_action(rule.action), native, *args)  # type: ignore[attr-defined]  # no types


def _kernel_action(action: Action) -> int:
    return _KERNEL_ACTIONS[action.name] | action.errno


def _export(made: object) -> bytes:
    with open(os.memfd_create("bpf"), "w+b") as file:
        made.export_bpf(file)  # type: ignore[attr-defined]  # no types
        file.seek(0)
        return file.read()  # as large as the profile, which is bounded, makes it


def _replace_return(program: bytes, action: Action) -> bytes:
    """`program` with each "return `action`" made a jump behind its last instruction."""
    instructions = list(_INSTRUCTION.iter_unpack(program))
    wanted = (_BPF_RET_K, 0, 0, _kernel_action(action))
    for number, instruction in enumerate(instructions):
        if instruction == wanted:
            instructions[number] = (_BPF_JMP_JA, 0, 0, len(instructions) - number - 1)
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in instructions)
