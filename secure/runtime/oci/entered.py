"""The gate of `exec`: is a process that entered a container what was planned? Before its execve.

The joiner is not dumpable (CVE-2016-9962), so to an ordinary user the kernel shows of it what needs
no right to trace: status, limits, mountinfo. Its namespaces are those of the process in the middle
that joined them, is itself in no pid namespace of the container, and cloned it without new ones.
The numbers of the comparisons are those of `runtime.gate`.
"""

from __future__ import annotations

from secure.facts.evidence import Difference
from secure.kernel.capabilities import mask, names
from secure.kernel.cgroup_files import read_if_there
from secure.runtime.gate import outside
from secure.runtime.observe import Standing, limits_of, root_mount, standing
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.oci.runtime_config import IdRows, Process
    from secure.runtime.oci.plan import Privileges

_FILTER = 2


@value
class Entered:
    """What the kernel says of the process.

    Args:
        namespaces: name -> inode. root: what names the mount that is its "/".
        cgroups: those of the container's directories that list it.
    """

    pid: int
    standing: Standing
    limits: tuple[tuple[str, int, int], ...]
    namespaces: tuple[tuple[str, int], ...]
    root: str
    cgroups: tuple[str, ...]


@value
class Wanted:
    """What must be so.

    Args:
        uid_map, gid_map, namespaces, root: of the container's first process.
        filters: how many were to be installed.
        whole_machine: the caller sees ids of the first user namespace.
    """

    process: Process
    privileges: Privileges
    uid_map: IdRows
    gid_map: IdRows
    namespaces: tuple[tuple[str, int], ...]
    root: str
    cgroups: tuple[str, ...]
    filters: int
    whole_machine: bool


def observe(
    pid: int, namespaces: tuple[tuple[str, int], ...], directories: tuple[str, ...]
) -> Entered:
    """Everything that is compared, of a process that is held."""
    listed = tuple(d for d in directories if str(pid) in read_if_there(f"{d}/cgroup.procs").split())
    return Entered(pid, standing(pid), limits_of(pid), namespaces, root_mount(pid), listed)


def compare(wanted: Wanted, found: Entered) -> tuple[Difference, ...]:
    """Every difference; the caller kills the process unless there is none."""
    return (
        *_ids(wanted, found.standing),
        *_privileges(wanted, found.standing),
        *_place(wanted, found),
        *_limits(wanted, found),
    )


def _ids(wanted: Wanted, found: Standing) -> Iterator[Difference]:
    held = wanted.privileges
    uid, gid = outside(held.uid, wanted.uid_map), outside(held.gid, wanted.gid_map)
    yield from _differs(1, "user ids", (uid,) * 4, found.uids)
    yield from _differs(1, "group ids", (gid,) * 4, found.gids)
    if wanted.whole_machine and 0 in found.uids:
        yield Difference(1, "user ids", "never uid 0 of the host", str(found.uids))
    if held.groups is not None:
        groups = tuple(sorted(outside(group, wanted.gid_map) for group in held.groups))
        yield from _differs(2, "supplementary groups", groups, tuple(sorted(found.groups)))


def _privileges(wanted: Wanted, found: Standing) -> Iterator[Difference]:
    planned = dict(wanted.privileges.sets)
    for name, bits in found.capabilities:
        yield from _differs(4, f"{name} capabilities", names(mask(planned[name])), names(bits))
    yield from _differs(5, "no_new_privs", True, found.no_new_privileges)
    yield from _differs(6, "seccomp mode", _FILTER, found.seccomp_mode)
    if found.seccomp_filters < wanted.filters:
        least = f"at least {wanted.filters}"
        yield Difference(6, "seccomp filters", least, str(found.seccomp_filters))


def _place(wanted: Wanted, found: Entered) -> Iterator[Difference]:
    entered = dict(found.namespaces)
    for name, inode in wanted.namespaces:
        yield from _differs(8, f"{name} namespace", inode, entered.get(name))
    yield from _differs(12, "root directory", wanted.root, found.root)
    yield from _differs(14, "cgroups", wanted.cgroups, found.cgroups)


def _limits(wanted: Wanted, found: Entered) -> Iterator[Difference]:
    planned = {name: (soft, hard) for name, soft, hard in wanted.process.rlimits}
    for name, soft, hard in found.limits:
        yield from _differs(13, f"limit {name}", planned.get(name, (soft, hard)), (soft, hard))


def _differs(number: int, what: str, planned: object, found: object) -> Iterator[Difference]:
    if planned != found:
        yield Difference(number, what, str(planned), str(found))
