"""`--systemd-cgroup`: the container's cgroup lies in a scope that systemd made and delegated.

    SLICE/PREFIX-NAME.scope    systemd's: what counts against its neighbours, as properties
        supervisor/            the command that makes the container, until it ends
        container/             ours: every limit, written, and read back by the gate

systemd never writes below what it has delegated: no reload of it undoes a limit. A weight, and
memory that is protected, mean nothing for an only child, so those are the scope's as well; there
they are properties, as systemd writes the scope's own files again whenever it likes.

The command that creates a container is the scope's first process. If that is killed at any point,
the last process goes with it, and systemd removes the scope and all that is in it.

Source: runc's docs/systemd.md ("systemd unit name and placement"); systemd.resource-control(5);
systemd's docs/CGROUP_DELEGATION.md.
"""

from __future__ import annotations

import os
import time

from secure.errors import DocumentError, MachineError
from secure.kernel import cgroup_files, systemd_scope
from secure.kernel.cgroup_support import RUNS_SYSTEMD
from secure.kernel.cgroups_detect import own_unified
from secure.kernel.cgroups_v2 import step_aside
from secure.runtime.oci.cgroup import Place
from secure.runtime.oci.resources import V2, settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_PREFIX = "secure"
_CONTAINER = "container"
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@")
_LONGEST = 255  # systemd.unit(5)
_INFINITY = (1 << 64) - 1
_PATIENCE_S = 2.0
# file of cgroup v2 -> property. cpu.idle is the weight 0 (systemd 252).
_PROPERTIES = {
    "cpu.weight": "CPUWeight",
    "cpu.idle": "CPUWeight",
    "io.weight": "IOWeight",
    "memory.low": "MemoryLow",
    "memory.min": "MemoryMin",
}
_ANNOTATION = "org.systemd.property."
# property -> the type that is written before its number (GVariant text format); most digits.
_ANNOTATED = {"KillSignal": ("", 9), "TimeoutStopUSec": ("uint64 ", 18)}
_DO = (
    "Use the cgroupfs driver: podman --cgroup-manager=cgroupfs, dockerd --exec-opt "
    "native.cgroupdriver=cgroupfs, or SystemdCgroup = false for containerd."
)


def names(path: str, container_id: str, *, whole_machine: bool) -> tuple[str, str]:
    """(slice, unit) of a cgroupsPath "SLICE:PREFIX:NAME"; "" stands for ":secure:ID".

    Raises:
        DocumentError: it is none, or one of a slice.
    """
    parts = (path or f":{_PREFIX}:{container_id}").split(":")
    if len(parts) != 3:
        raise DocumentError(f'linux.cgroupsPath: "{path[:99]}" is not SLICE:PREFIX:NAME')
    parent, prefix, name = parts
    if name.endswith(".slice"):
        raise DocumentError(f'linux.cgroupsPath: "{name[:99]}" is a slice, which holds no process')
    parent = parent or ("system.slice" if whole_machine else "user.slice")
    parent = "-.slice" if parent == "-" else parent
    unit = f"{prefix}-{name}.scope" if prefix else f"{name}.scope"
    for word, end in ((parent, ".slice"), (unit, ".scope")):
        fits = len(end) < len(word) <= _LONGEST and word.endswith(end) and word[0] != "."
        if not fits or not _LETTERS.issuperset(word):
            raise DocumentError(f'linux.cgroupsPath: "{word[:99]}" cannot name a unit of systemd')
    return parent, unit


def properties(resources: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """What the scope needs beside the limits inside: (property, number)."""
    return tuple(
        (_PROPERTIES[file], 0 if file == "cpu.idle" else _number(file, content))
        for file, content, _ in _shared(resources)
    )


def annotated(
    annotations: tuple[tuple[str, str], ...],
) -> tuple[tuple[tuple[str, int], ...], tuple[str, ...]]:
    """What annotations say of the scope: properties, and names of annotations without effect.

    Those that podman sets: how systemd stops the container when the machine is shut down.

    Raises:
        DocumentError: one has another form than podman and runc give it.
    """
    numbers, without = [], []
    for name, text in annotations:
        known = name.removeprefix(_ANNOTATION)
        if known == name:
            continue
        if known not in _ANNOTATED:
            without.append(name)
            continue
        kind, most = _ANNOTATED[known]
        digits = text.removeprefix(kind)
        if not _is_number(digits, most):
            raise DocumentError(f'annotations."{name}": "{text[:99]}" is no number')
        numbers.append((known, int(digits)))
    return tuple(numbers), tuple(without)


def _shared(resources: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(file, content, the kernel reads it back so)."""
    for setting in settings(resources, V2):
        if setting.file in _PROPERTIES:
            yield setting.file, setting.content, setting.exact
        elif setting.instead and setting.instead[0] in _PROPERTIES:
            yield *setting.instead, False


def _number(file: str, content: str) -> int:
    content = content.removeprefix("default ")
    if content == "max":
        return _INFINITY
    if not _is_number(content, 19):
        raise DocumentError(f'linux.resources.unified."{file}": "{content[:99]}" is no number')
    return int(content)


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= most


def enter(parent: str, unit: str, numbers: tuple[tuple[str, int], ...]) -> Place:
    """Move this process into the container's scope; the place inside for the container.

    Args:
        parent, unit: see `names`.
        numbers: properties, beside the limits that will be written inside.

    Raises:
        MachineError: this machine has no systemd with cgroup v2, or it refuses.
    """
    if not os.path.isdir(RUNS_SYSTEMD) or not own_unified():
        raise MachineError(
            "--systemd-cgroup is refused: systemd does not run this machine, or not on cgroup v2",
            do=_DO,
        )
    try:
        # Else 15 % of what the machine can hold: the limit that counts is the one inside.
        systemd_scope.enter(unit, parent, (("TasksMax", _INFINITY), *numbers))
    except MachineError as cause:
        raise MachineError(f"--systemd-cgroup: {cause}", do=_DO) from cause
    scope = own_unified()
    step_aside(scope)
    present = cgroup_files.read(f"{scope}/cgroup.controllers").split()
    # "cgroup" is what v2 has without any controller: killing, freezing.
    directories = tuple((name, f"{scope}/{_CONTAINER}") for name in ("cgroup", *present))
    return Place(
        V2, directories, "systemd does not delegate this controller to the user's manager",
        "Once as root: secure setup delegate --user NAME", unit,
    )  # fmt: skip


def promised(place: Place, resources: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """(file, content) that the kernel must read back from the scope itself."""
    scope = os.path.dirname(place.all()[0])
    return tuple(
        (f"{scope}/{file}", content) for file, content, exact in _shared(resources) if exact
    )


def change(unit: str, resources: dict[str, Any]) -> None:
    """`update` of what is the scope's.

    Raises:
        MachineError: systemd refuses.
    """
    if numbers := properties(resources):
        systemd_scope.change(unit, numbers)


def wait_until_gone(directories: tuple[str, ...]) -> None:
    """systemd removes the scope of a container that has ended: then its name is free again.

    Not for long: where this very process is in it (`run`), or one that a hook started, it stays
    until they end.
    """
    scope = os.path.dirname(directories[0])
    deadline = time.monotonic() + _PATIENCE_S
    while os.path.isdir(scope) and time.monotonic() < deadline:
        if own_unified().startswith(f"{scope}/"):
            return
        time.sleep(0.005)
