"""Every key of a policy that has a value: how it is written, and which of two values is tighter.

A policy is a set of such keys ("launch.memory.max", "rules.IMG001.ci", …) plus waivers and
trusted lists. Parsing, `extends` and `meet` all work on this one table.
"""

from __future__ import annotations

from secure.policy.catalogue import RULES_BY_ID
from secure.policy.rule import (
    BYTES,
    CAPABILITY_NAMES,
    FEWER,
    LATER,
    LOWER,
    MORE,
    PATHS,
    Parameter,
)
from secure.policy.settings import ACTIONS, BINDS, LANDLOCK, LIMITS, NETWORKS, SECCOMP_PROFILES
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.settings import ParameterValue

# How a value is written.
FLAG, COUNT, CPUS, CHOICE, CHOICES = "true or false", "a number", "processors", "choice", "choices"


@value
class Key:
    """One key.

    Args:
        written: `FLAG`, `COUNT`, `BYTES`, `CPUS`, `CHOICE`, `CHOICES`, `NAMES`, `PATHS` or
            `CAPABILITY_NAMES`.
        tighter: `LOWER`, `FEWER`, `MORE` or `LATER`; flags are `LATER` in `choices`.
        choices: loosest first; for `FLAG` the looser of False and True first.
        least: of a number.
    """

    written: str
    tighter: str
    choices: tuple[str | bool, ...] = ()
    least: int = 0


_ON = Key(FLAG, LATER, (False, True))  # true is tighter
_OFF = Key(FLAG, LATER, (True, False))  # false is tighter
_ACTION = Key(CHOICE, LATER, ACTIONS)

LAUNCH_KEYS: dict[str, Key] = {
    "launch.read_only_rootfs": _ON,
    "launch.no_new_privileges": _ON,
    "launch.root_user": _OFF,
    "launch.capabilities.allow": Key(CAPABILITY_NAMES, FEWER),
    "launch.capabilities.default": Key(CAPABILITY_NAMES, FEWER),
    "launch.seccomp.allow": Key(CHOICES, FEWER, SECCOMP_PROFILES),
    "launch.seccomp.default": Key(CHOICE, LATER, SECCOMP_PROFILES),
    "launch.network.allow": Key(CHOICES, FEWER, NETWORKS),
    "launch.memory.default": Key(BYTES, LOWER, least=1 << 20),
    "launch.memory.max": Key(BYTES, LOWER, least=1 << 20),
    "launch.pids.default": Key(COUNT, LOWER, least=1),
    "launch.pids.max": Key(COUNT, LOWER, least=1),
    "launch.cpus.default": Key(CPUS, LOWER, least=10),
    "launch.cpus.max": Key(CPUS, LOWER, least=10),
    "launch.nofile.default": Key(COUNT, LOWER, least=16),
    "launch.nofile.max": Key(COUNT, LOWER, least=16),
    "launch.tmpfs.paths": Key(PATHS, FEWER),
    "launch.tmpfs.default": Key(BYTES, LOWER, least=4096),
    "launch.tmpfs.max": Key(BYTES, LOWER, least=4096),
    "launch.shm": Key(BYTES, LOWER, least=4096),
    "launch.binds": Key(CHOICE, LATER, BINDS),
    "launch.limits": Key(CHOICE, LATER, LIMITS),
    "launch.landlock": Key(CHOICE, LATER, LANDLOCK),
}
WAIVING_KEYS: dict[str, Key] = {
    "waiving.accept": _OFF,
    "waiving.max_days": Key(COUNT, LOWER, least=1),
}
REQUIRED = (*LAUNCH_KEYS, *WAIVING_KEYS)  # of a policy that extends no other
RULE_KEYS: dict[str, Key] = {"ci": _ACTION, "launch": _ACTION, "waivable": _OFF}


def key(name: str) -> Key:
    """The description of a key.

    Raises:
        KeyError: there is no such key.
    """
    known = LAUNCH_KEYS.get(name) or WAIVING_KEYS.get(name)
    if known is not None:
        return known
    section, rule_id, *rest = name.split(".")
    if section != "rules":
        raise KeyError(name)
    if len(rest) == 1:
        return RULE_KEYS[rest[0]]
    for parameter in RULES_BY_ID[rule_id].parameters:
        if rest == ["parameters", parameter.name]:
            return parameter_key(parameter)
    raise KeyError(name)


def parameter_key(parameter: Parameter) -> Key:
    """How a rule's parameter is written and ordered."""
    if parameter.tighter == LOWER:
        written = BYTES if parameter.unit == BYTES else COUNT
        return Key(written, LOWER, least=parameter.least)
    if parameter.tighter == LATER:
        return Key(CHOICE, LATER, parameter.choices)
    return Key(parameter.entries, parameter.tighter)


def tightest(name: Key, one: ParameterValue, other: ParameterValue) -> ParameterValue:
    """The meet of two values: never looser than either."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        if name.tighter == MORE:
            return in_order(name, {*one, *other})
        return in_order(name, set(one).intersection(other))
    if name.tighter == LOWER and isinstance(one, int) and isinstance(other, int):
        return min(one, other)
    ranks = name.choices
    return one if ranks.index(_choice(one)) >= ranks.index(_choice(other)) else other


def is_as_tight(name: Key, one: ParameterValue, as_other: ParameterValue) -> bool:
    """`one` is at least as tight as the other."""
    return tightest(name, one, as_other) == one


def in_order(name: Key, entries: set[str]) -> tuple[str, ...]:
    """A list's entries in the one order they are kept in: loosest first, else by name."""
    if name.choices:
        return tuple(str(choice) for choice in name.choices if choice in entries)
    return tuple(sorted(entries))


def written(name: Key, item: ParameterValue) -> str:
    """A value as a policy file would write it."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, tuple):
        return "[" + ", ".join(item) + "]"
    if isinstance(item, int) and name.written == BYTES:
        for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
            if item and item % size == 0:
                return f"{item // size}{unit}"
    if isinstance(item, int) and name.written == CPUS:
        return f"{item / 1000:g}"
    return str(item)


def _choice(item: ParameterValue) -> str | bool:
    if isinstance(item, (str, bool)):
        return item
    raise TypeError(f"not a choice: {item!r}")
