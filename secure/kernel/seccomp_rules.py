"""A seccomp profile as written: JSON of the runtime-spec, parsed strictly.

Source: OCI runtime-spec, config-linux.md, "Seccomp". moby's `comment` is accepted; its `archMap`,
`includes` and `excludes` belong to a template that must be expanded first. Three keys are ours: a
rule with `"optional": true` may name system calls that this machine's libseccomp does not know yet;
one with `"quiet": true` is for calls that programs only probe for: they are not counted; a profile
with `"listener": true` may have rules with SCMP_ACT_NOTIFY: who installs it hands its listener out.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from secure.errors import PolicyFileError

ARCHITECTURES = {"SCMP_ARCH_X86_64": "x86_64", "SCMP_ARCH_AARCH64": "aarch64"}
# The others that runtime-spec names: a profile may list them, but secure does not serve them.
OTHER_ARCHITECTURES = frozenset("SCMP_ARCH_" + name for name in (
    "X86", "X32", "ARM", "MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC",
    "PPC64", "PPC64LE", "S390", "S390X", "PARISC", "PARISC64", "RISCV64", "LOONGARCH64", "M68K",
    "SH", "SHEB",
))  # fmt: skip
ACTIONS = frozenset({
    "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",
    "SCMP_ACT_ERRNO", "SCMP_ACT_LOG", "SCMP_ACT_ALLOW",
})  # fmt: skip
OPERATORS = frozenset({
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
    "SCMP_CMP_MASKED_EQ",
})  # fmt: skip
MAX_BYTES = 1 << 20
_EPERM = 1
_MAX_ERRNO = 4095
_MAX_U64 = (1 << 64) - 1
_NOTIFY = "SCMP_ACT_NOTIFY"
_NEEDS_LISTENER = (_NOTIFY, "SCMP_ACT_TRACE")
_PROFILE_KEYS = frozenset({
    "comment", "defaultAction", "defaultErrnoRet", "architectures", "syscalls", "listener",
})  # fmt: skip
_RULE_KEYS = frozenset({
    "comment", "names", "action", "errnoRet", "args", "optional", "quiet",
})  # fmt: skip
_ARG_KEYS = frozenset({"index", "value", "valueTwo", "op"})
_TEMPLATE_KEYS = frozenset({"archMap", "includes", "excludes"})


class Action(NamedTuple):
    """What happens to a call; `errno` counts for SCMP_ACT_ERRNO only."""

    name: str
    errno: int = 0


class Comparison(NamedTuple):
    """One argument compared as 64 bits; MASKED_EQ: (argument & value) == value_two."""

    arg: int
    op: str
    value: int
    value_two: int = 0


class Rule(NamedTuple):
    """`action` for each of `names`, where all of `args` hold."""

    names: tuple[str, ...]
    action: Action
    args: tuple[Comparison, ...] = ()
    optional: bool = False
    quiet: bool = False


class Profile(NamedTuple):
    """A whole profile; `architectures` in the spelling of libseccomp, as listed."""

    default: Action
    architectures: tuple[str, ...]
    rules: tuple[Rule, ...]


def parse_profile(profile_json: bytes, name: str = "seccomp profile") -> Profile:
    """Parse and check a profile.

    Raises:
        PolicyFileError: with every mistake of the file.
    """
    reader = _Reader()
    profile = reader.profile(_document(profile_json, name))
    if reader.mistakes:
        raise PolicyFileError(
            f"{name}: " + "; ".join(reader.mistakes),
            do="Correct the profile; OCI runtime-spec, config-linux.md, describes it.",
        )
    return profile


def _document(profile_json: bytes, name: str) -> object:
    if len(profile_json) > MAX_BYTES:
        raise PolicyFileError(f"{name}: {len(profile_json)} bytes, over {MAX_BYTES}")
    try:
        return json.loads(profile_json, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise PolicyFileError(f"{name}: not JSON: {error}") from error


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # The last of two equal keys wins in Python, the first in other readers.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


class _Reader:
    """Reads the document part by part and collects what is wrong with it."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self._whole: dict[str, Action] = {}
        self._listener = False

    def profile(self, document: object) -> Profile:
        found = self._object(document, "the document", _PROFILE_KEYS)
        self._listener = self._flag(found, "listener", "the document")
        default = self._action(
            found.get("defaultAction"), found.get("defaultErrnoRet"), "defaultAction"
        )
        architectures = self._names(found.get("architectures"), "architectures")
        for name in sorted(set(architectures) - set(ARCHITECTURES) - OTHER_ARCHITECTURES):
            self.mistakes.append(f"architectures: unknown {name!r}")
        rules = tuple(
            self._rule(item, f"syscalls[{number}]")
            for number, item in enumerate(self._list(found.get("syscalls"), "syscalls"))
        )
        return Profile(default, architectures, rules)

    def _rule(self, item: object, where: str) -> Rule:
        found = self._object(item, where, _RULE_KEYS)
        names = self._names(found.get("names"), f"{where}.names")
        action = self._action(found.get("action"), found.get("errnoRet"), f"{where}.action")
        args = tuple(
            self._comparison(part, f"{where}.args[{number}]")
            for number, part in enumerate(self._list(found.get("args", []), f"{where}.args"))
        )
        if len({comparison.arg for comparison in args}) < len(args):
            self.mistakes.append(f"{where}.args: one argument compared twice; write two rules")
        if not args:
            self._contradictions(names, action, where)
        optional = self._flag(found, "optional", where)
        return Rule(names, action, args, optional, self._flag(found, "quiet", where))

    def _flag(self, found: dict[str, object], key: str, where: str) -> bool:
        flag = found.get(key, False)
        if not isinstance(flag, bool):
            self.mistakes.append(f"{where}.{key}: true or false expected, {flag!r} found")
        return flag is True

    def _contradictions(self, names: tuple[str, ...], action: Action, where: str) -> None:
        for name in names:
            if self._whole.setdefault(name, action) != action:
                self.mistakes.append(f'{where}: "{name}" has two actions without arguments')

    def _action(self, found: object, errno: object, where: str) -> Action:
        if found == _NOTIFY and self._listener:
            return Action(_NOTIFY)
        if found in _NEEDS_LISTENER:
            self.mistakes.append(f"{where}: {found} needs a listener, which a launch has not")
        elif not isinstance(found, str) or found not in ACTIONS:
            self.mistakes.append(f"{where}: unknown action {found!r}")
        if found != "SCMP_ACT_ERRNO":
            return Action(str(found))
        # errno 0 would tell the program that a call it could not make has succeeded.
        number = self._number(_EPERM if errno is None else errno, 1, _MAX_ERRNO, f"{where}, errno")
        return Action("SCMP_ACT_ERRNO", number)

    def _comparison(self, item: object, where: str) -> Comparison:
        found = self._object(item, where, _ARG_KEYS)
        op = found.get("op")
        if not isinstance(op, str) or op not in OPERATORS:
            self.mistakes.append(f"{where}.op: unknown operator {op!r}")
        return Comparison(
            self._number(found.get("index"), 0, 5, f"{where}.index"),
            str(op),
            self._number(found.get("value"), 0, _MAX_U64, f"{where}.value"),
            self._number(found.get("valueTwo", 0), 0, _MAX_U64, f"{where}.valueTwo"),
        )

    def _object(self, found: object, where: str, keys: frozenset[str]) -> dict[str, object]:
        if not isinstance(found, dict):
            self.mistakes.append(f"{where}: an object expected")
            return {}
        for key in sorted(set(found) - keys):
            why = "of moby's template, expand it first" if key in _TEMPLATE_KEYS else "unknown"
            self.mistakes.append(f"{where}: key {key!r} {why}")
        return found

    def _list(self, found: object, where: str) -> list[object]:
        # Go writes an absent list as null.
        if found is None and where.endswith(".args"):
            return []
        if not isinstance(found, list):
            self.mistakes.append(f"{where}: a list expected")
            return []
        return found

    def _names(self, found: object, where: str) -> tuple[str, ...]:
        items = self._list(found, where)
        names = tuple(item for item in items if isinstance(item, str) and item)
        if not names or len(names) != len(items):
            self.mistakes.append(f"{where}: names expected, at least one")
        return names

    def _number(self, found: object, least: int, most: int, where: str) -> int:
        if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
            self.mistakes.append(f"{where}: a number from {least} to {most} expected")
            return least
        return found
