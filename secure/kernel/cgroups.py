"""One control group of one container: made with its limits, joined, read back, killed, removed.

On cgroup v2 it is one directory, on v1 one for each controller. `secure.kernel.cgroups_detect`
says where they can be made. Existing cgroups are not changed, except that a v2 parent passes
controllers on to its children (cgroup.subtree_control).
"""

from __future__ import annotations

import errno
import os

from secure.errors import KernelError, MachineError, SecureError
from secure.kernel import cgroup_files, cgroups_v1, cgroups_v2
from secure.kernel.cgroup_files import JOIN_MEANS, WRITE_MEANS
from secure.kernel.cgroup_support import V1, V2, CgroupLimits, CgroupSupport
from secure.kernel.libc import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_SIGKILL = 9
_ATTEMPTS = 50


class Cgroup:
    """A cgroup that exists. Whoever made it must `remove` it; doing so twice is no error."""

    __slots__ = ("_planned", "_support", "directories")

    def __init__(self, support: CgroupSupport, directories: tuple[str, ...]) -> None:
        self._support = support
        self.directories = directories
        self._planned: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def create(cls, support: CgroupSupport, name: str, limits: CgroupLimits) -> Cgroup:
        """Make a cgroup with these limits; after a failure nothing of it is left.

        Args:
            support: as `cgroups_detect.detect` found it.
            name: of the directory: a-z, 0-9, "-", "_", ".", at most 64, no "." first.
            limits: what to set.

        Raises:
            MachineError: a limit cannot be set here; `do` says what would enable it.
            KernelError: the kernel refuses a directory or a value.
        """
        if not 0 < len(name) <= 64 or not _LETTERS.issuperset(name) or name[0] == ".":
            raise SecureError(f"{name!r} cannot name a cgroup")
        places = _places(support, name, limits)
        made = cls(support, tuple(dict.fromkeys(places.values())))
        fresh: list[str] = []
        try:
            if support.steps_aside:
                cgroups_v2.step_aside(support.steps_aside)
            for directory in made.directories:
                _make(support, directory, limits)
                fresh.append(directory)
            made._planned = tuple(_settings(support, limits, places))
            for directory, file, content in made._planned:
                for line in content.split("\n"):  # one device at a time
                    cgroup_files.write(f"{directory}/{file}", line, WRITE_MEANS)
        except BaseException:
            # Not `made.directories`: one of that name may be another container's.
            cls(support, tuple(fresh)).remove()
            raise
        return made

    def planned(self) -> tuple[tuple[str, str], ...]:
        """(file, content) as the kernel should read it back."""
        return tuple((file, content) for _, file, content in self._planned)

    def read_back(self) -> tuple[tuple[str, str], ...]:
        """(file, content) as the kernel has it.

        Raises:
            KernelError: a file cannot be read any more.
        """
        return tuple(
            (file, "\n".join(sorted(cgroup_files.read(f"{directory}/{file}").split("\n"))))
            for directory, file, _ in self._planned
        )

    def add(self, pid: int) -> None:
        """Move a process in.

        On v1 an ordinary user can move processes of the same uid only, so before ids are mapped.
        """
        for directory in self.directories:
            cgroup_files.write(f"{directory}/cgroup.procs", str(pid), JOIN_MEANS)

    def processes(self) -> frozenset[int]:
        """The pids inside, descendants' too, as this pid namespace sees them."""
        below = (place for top in self.directories for place in cgroup_files.tree(top))
        texts = (cgroup_files.read_if_there(f"{place}/cgroup.procs") for place in below)
        # 0 stands for a process of a pid namespace that cannot be seen from here.
        return frozenset(int(pid) for text in texts for pid in text.split()) - {0}

    def kill(self) -> None:
        """SIGKILL everything inside, also what is forked meanwhile; returns when it has ended.

        Raises:
            KernelError: a process is still there after some seconds: it hangs in the kernel.
        """
        at_once = any(cgroups_v2.kill(directory) for directory in self.directories)
        for directory in self.directories[:1]:
            cgroup_files.wait_until(
                lambda: not self.processes() if at_once else self._kill_each(), "kill", directory
            )

    def _kill_each(self) -> bool:
        first = {pid: fd for pid in self.processes() if (fd := _pidfd(pid)) >= 0}
        try:
            # Who is still inside after it was opened is the one that was opened: a pid that ended
            # meanwhile and was given to a stranger is not.
            for pid in self.processes() & first.keys():
                _kill(first[pid])
        finally:
            for fd in first.values():
                os.close(fd)
        return not self.processes()

    def remove(self) -> None:
        """Remove the directories, waiting for processes that are ending.

        Raises:
            KernelError: a process stays inside; `kill` first.
        """
        for top in self.directories:
            for directory in reversed(tuple(cgroup_files.tree(top))):
                cgroup_files.remove(directory)
            cgroup_files.remove_empty_base(os.path.dirname(top))


def _places(support: CgroupSupport, name: str, limits: CgroupLimits) -> dict[str, str]:
    """Controller -> the directory to make."""
    missing = [c for c in limits.controllers() if not support.version(c)]
    if missing:
        raise MachineError(
            f"cannot limit {', '.join(missing)} by cgroup: {support.reason}", do=support.do
        )
    bases = dict(support.bases)
    return {controller: f"{bases[controller]}/{name}" for controller in limits.controllers()}


def _make(support: CgroupSupport, directory: str, limits: CgroupLimits) -> None:
    base = os.path.dirname(directory)
    controllers = tuple(c for c in limits.controllers() if dict(support.bases)[c] == base)
    v2 = support.version(controllers[0]) == V2
    for attempt in range(_ATTEMPTS):
        try:
            cgroup_files.make(base, there_is_fine=True)
            # A child has a controller only if every parent passes it on.
            for parent in support.passes_on if v2 else ():
                cgroups_v2.pass_on(parent, controllers)
            cgroup_files.make(directory)
            if "cpuset" in controllers and not v2:
                cgroups_v1.fill_cpuset(directory)
            return
        except KernelError as error:
            # Another launch ended and removed the empty base in between.
            if error.number != errno.ENOENT or attempt == _ATTEMPTS - 1:
                raise


def _settings(
    support: CgroupSupport, limits: CgroupLimits, places: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    for controller, limit in limits.asked():
        where = places[controller]
        by = cgroups_v1 if support.version(controller) == V1 else cgroups_v2
        present = lambda file, where=where: os.path.exists(f"{where}/{file}")  # noqa: E731
        for file, content in by.settings(controller, limit, present):
            yield where, file, content
    for by, version in ((cgroups_v1, V1), (cgroups_v2, V2)):
        for controller, file, content in by.further_settings(limits):
            if support.version(controller) == version:
                yield places[controller], file, content


def _pidfd(pid: int) -> int:
    """An open pidfd, or -1 if the process is gone."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return -1


def _kill(pidfd: int) -> None:
    try:
        syscall("pidfd_send_signal", pidfd, _SIGKILL, None, 0, target="pidfd")
    except KernelError as error:
        if error.number != errno.ESRCH:  # ended meanwhile
            raise
