"""The control group of a container from a bundle: made, joined, limited, frozen, removed.

root of the machine   every hierarchy of v1, and v2 where it has controllers, at cgroupsPath
others                where `kernel.cgroups_detect` finds a place that was delegated
no place              none is made; a limit that the config asks for is then refused by name
"""

from __future__ import annotations

import errno
import os

from secure.errors import DocumentError, KernelError, MachineError
from secure.kernel import cgroup_files
from secure.kernel.cgroup_files import BASE, JOIN_MEANS, WRITE_MEANS
from secure.kernel.cgroups_v1 import fill_cpuset
from secure.runtime.oci.resources import V1, V2, Setting, settings
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_V1 = ("memory", "cpu", "cpuacct", "cpuset", "pids", "blkio", "devices", "freezer")
_SIGKILL = 9
_ATTEMPTS = 50


@value
class Place:
    """Where a container's cgroup is.

    Args:
        version: "v1", "v2" or "" where there is none.
        directories: (controller, directory); on v2 all name the same one.
        reason, do: why there is none, and what would help.
        unit: the scope of systemd that it lies in, "" if none does.
    """

    version: str
    directories: tuple[tuple[str, str], ...]
    reason: str = ""
    do: str = ""
    unit: str = ""

    def all(self) -> tuple[str, ...]:
        """Each directory once."""
        return tuple(dict.fromkeys(directory for _, directory in self.directories))

    def freezer(self) -> str:
        """The file that stops and continues all processes; "" if there is none."""
        found = dict(self.directories)
        if self.version == V2 and found:
            return f"{self.all()[0]}/cgroup.freeze"
        return f"{found['freezer']}/freezer.state" if "freezer" in found else ""


def find(path: str, otherwise: str, *, whole_machine: bool) -> Place:
    """The place for a container; nothing is made yet.

    Args:
        path: cgroupsPath of config.json. otherwise: the name where it gives none.
        whole_machine: the caller is root of the first user namespace.

    Raises:
        DocumentError: the path is for systemd, or leads elsewhere.
    """
    if ":" in path:
        raise DocumentError(
            f'linux.cgroupsPath: "{path}" is a unit of systemd, and no path',
            do="Give --systemd-cgroup, or use the engine's cgroupfs driver.",
        )
    if ".." in path.split("/"):
        raise DocumentError(f'linux.cgroupsPath: "{path}" leads elsewhere')
    if whole_machine:
        tail = path if path.startswith("/") else f"/{BASE}/{path or otherwise}"
        v1, v2 = _mounted()
        if v1:
            return Place(V1, tuple((name, mount + tail) for name, mount in v1))
        if v2:
            controllers = cgroup_files.read(f"{v2}/cgroup.controllers").split()
            return Place(V2, tuple((name, v2 + tail) for name in controllers))
        return Place("", (), "no cgroup hierarchy is mounted", "Mount one at /sys/fs/cgroup.")
    return _delegated(os.path.basename(path) or otherwise)


def _delegated(name: str) -> Place:
    from secure.kernel.cgroups_detect import detect

    support = detect()
    usable = support.usable()
    if not usable:
        return Place("", (), support.reason, support.do)
    version = support.version(usable[0])
    bases = dict(support.bases)
    if version == V2:
        # What else was delegated: cpuset and io, as a rule.
        above = os.path.dirname(bases[usable[0]])
        present = cgroup_files.read_if_there(f"{above}/cgroup.controllers").split()
        bases |= {c: bases[usable[0]] for c in present if c not in bases}
    places = tuple((c, f"{base}/{name}") for c, base in bases.items())
    return Place(version, places, support.reason, support.do)


def _mounted() -> tuple[tuple[tuple[str, str], ...], str]:
    """v1 as (controller, mount), and the mount of v2 if it has controllers."""
    v1: dict[str, str] = {}
    v2 = ""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            front, _, back = line.partition(" - ")
            kind, _, rest = back.partition(" ")
            mount = front.split(" ")[4]
            if kind == "cgroup":
                options = rest.strip().rpartition(" ")[2].split(",")
                v1.update((name, mount) for name in _V1 if name in options)
            elif kind == "cgroup2" and cgroup_files.read_if_there(f"{mount}/cgroup.controllers"):
                v2 = mount
    return tuple(sorted(v1.items())), v2


def refuse_taken(place: Place) -> None:
    """What exists may hold another container, which must not be limited or killed with ours.

    Raises:
        DocumentError: a directory is there already.
    """
    for directory in place.all():
        if os.path.isdir(directory):
            raise DocumentError(
                f'linux.cgroupsPath: "{directory}" exists already: it is another container\'s',
                do="Give another path, or remove it if nothing lives in it.",
            )


def make(place: Place, resources: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Make the directories and write every limit.

    Returns:
        (path of the file, content) that the kernel must read back.

    Raises:
        DocumentError: a limit cannot be set here, by its field's name; nothing is left.
    """
    wanted = settings(resources, place.version or V2)
    found = dict(place.directories)
    for setting in wanted:
        # Nothing inside can make a device node: without a cgroup, too, only bound ones are there.
        if setting.controller not in found and setting.controller != "devices":
            raise DocumentError(
                f"linux.resources.{setting.field} cannot be applied: "
                f"{place.reason or 'no cgroup has ' + setting.controller}",
                do=place.do,
            )
    made: list[str] = []
    try:
        for directory in place.all():
            _make_path(directory, place)
            made.append(directory)
        for controller, directory in place.directories:
            if controller == "cpuset" and place.version == V1:
                fill_cpuset(directory)
        done = [_apply(found[s.controller], s) for s in wanted if s.controller in found]
    except BaseException:
        remove(tuple(made))
        raise
    return tuple(pair for pair in done if pair)


def _apply(directory: str, setting: Setting) -> tuple[str, str] | None:
    path, content = f"{directory}/{setting.file}", setting.content
    if setting.instead and not os.path.exists(path):
        path, content = f"{directory}/{setting.instead[0]}", setting.instead[1]
    if not os.path.exists(path):
        raise DocumentError(
            f"linux.resources.{setting.field} cannot be applied: this kernel has no {setting.file}"
        )
    try:
        cgroup_files.write(path, content, WRITE_MEANS)
    except KernelError as cause:
        raise DocumentError(f"linux.resources.{setting.field}: {cause}") from cause
    return (path, content) if setting.exact else None


def _make_path(directory: str, place: Place) -> None:
    """The directory and its missing parents."""
    for attempt in range(_ATTEMPTS):
        missing = [directory]
        while not os.path.isdir(above := os.path.dirname(missing[-1])):
            missing.append(above)
        try:
            for folder in reversed(missing):
                if place.version == V2:
                    _pass_on(os.path.dirname(folder), place)
                cgroup_files.make(folder, there_is_fine=folder != directory)
            return
        except KernelError as error:
            # Another container ended and removed the empty base in between.
            if error.number != errno.ENOENT or attempt == _ATTEMPTS - 1:
                raise


def _pass_on(parent: str, place: Place) -> None:
    from secure.kernel import cgroups_v2

    present = cgroup_files.read_if_there(f"{parent}/cgroup.controllers").split()
    cgroups_v2.pass_on(parent, tuple(c for c, _ in place.directories if c in present))


def change(directories: tuple[str, ...], resources: dict[str, Any]) -> None:
    """New limits for a container that runs (`update`).

    Raises:
        DocumentError, MachineError: a limit cannot be set here.
    """
    if not directories:
        raise MachineError("the container has no cgroup, so no limit can be changed")
    version = V2 if os.path.exists(f"{directories[0]}/cgroup.controllers") else V1
    for setting in settings(resources, version):
        files = (setting.file, *(setting.instead or ())[:1])
        holders = [d for d in directories for file in files if os.path.exists(f"{d}/{file}")]
        if not holders:
            raise DocumentError(f"linux.resources.{setting.field} cannot be applied here")
        _apply(holders[0], setting)


def join(place: Place, pid: int) -> None:
    """Move a process in; on v1 an ordinary user can only before its ids change."""
    for directory in place.all():
        cgroup_files.write(f"{directory}/cgroup.procs", str(pid), JOIN_MEANS)


def freeze(file: str, *, stop: bool) -> None:
    """Stop or continue every process, and wait until it is so.

    Raises:
        MachineError: there is no freezer here.
    """
    if not file:
        raise MachineError(
            "the container cannot be paused: it has no cgroup with a freezer",
            do="On cgroup v1 only root can; on v2 a delegated cgroup is enough.",
        )
    v1 = file.endswith("freezer.state")
    words = ("FROZEN", "THAWED") if v1 else ("1", "0")
    wanted = words[0] if stop else words[1]
    cgroup_files.write(file, wanted, WRITE_MEANS)
    shown = file if v1 else f"{os.path.dirname(file)}/cgroup.events"
    final = wanted if v1 else f"frozen {wanted}"
    cgroup_files.wait_until(lambda: final in cgroup_files.read(shown), "freeze", file)


def processes(directories: tuple[str, ...]) -> tuple[int, ...]:
    """The pids inside, sorted."""
    below = [place for top in directories[:1] for place in cgroup_files.tree(top)]
    texts = [cgroup_files.read_if_there(f"{place}/cgroup.procs") for place in below]
    return tuple(sorted({int(pid) for text in texts for pid in text.split()} - {0}))


def kill(directories: tuple[str, ...], number: int = _SIGKILL) -> None:
    """Signal everything inside."""
    for pid in processes(directories):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def remove(directories: tuple[str, ...]) -> None:
    """Remove the directories, waiting for processes that are ending; twice is no error."""
    for top in directories:
        for directory in reversed(tuple(cgroup_files.tree(top))):
            try:
                cgroup_files.remove(directory)
            except KernelError as error:
                if error.number != errno.ENOENT:
                    raise
        cgroup_files.remove_empty_base(os.path.dirname(top))
