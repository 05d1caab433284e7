"""The gate: is the plan what the kernel enforces? Pure.

`compare` answers with every difference, numbered as the comparisons below. Its caller must kill the
container unless the answer is empty, and must have held the process since before `observe`.

     1 user and group ids          8 namespaces
     2 supplementary groups        9 root file system
     3 id maps                    10 every planned mount, with its options
     4 capabilities, five sets    11 no mount beyond the plan
     5 no_new_privs               12 root and working directory
     6 seccomp filter             13 resource limits (rlimits)
     7 open files                 14 resource limits (cgroup)
"""

from __future__ import annotations

from secure.facts.evidence import Difference, Evidence, MountFact
from secure.kernel.capabilities import mask, names
from secure.runtime.mounts import required_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.runtime.plan import IdRows, Plan

_FILTER = 2  # SECCOMP_MODE_FILTER
_COVERS = ("tmpfs", "devtmpfs")  # an empty directory, or /dev/null
_KINDS = {"dev": "tmpfs"}  # plan kind -> file system type, where they differ


def compare(
    plan: Plan, evidence: Evidence, cgroup_limits: tuple[tuple[str, str], ...]
) -> tuple[Difference, ...]:
    """Every difference between plan and kernel.

    Args:
        cgroup_limits: the planned content of cgroup files, as `Evidence.cgroup_limits`.
    """
    return (
        *_ids(plan, evidence),
        *_privileges(plan, evidence),
        *_open_files(evidence),
        *_namespaces(plan, evidence),
        *_mounts(plan, evidence),
        *_directories(plan, evidence),
        *_limits(plan, evidence, cgroup_limits),
    )


def _ids(plan: Plan, evidence: Evidence) -> Iterator[Difference]:
    uid = outside(plan.uid, plan.uid_map)
    gid = outside(plan.gid, plan.gid_map)
    yield from _differs(1, "user ids", (uid,) * 4, evidence.uids)
    yield from _differs(1, "group ids", (gid,) * 4, evidence.gids)
    if 0 in evidence.uids:
        yield Difference(1, "user ids", "never uid 0 of the host", str(evidence.uids))
    if plan.groups_dropped:
        yield from _differs(2, "supplementary groups", (), evidence.groups)
    yield from _differs(3, "uid map", plan.uid_map, evidence.uid_map)
    yield from _differs(3, "gid map", plan.gid_map, evidence.gid_map)


def _privileges(plan: Plan, evidence: Evidence) -> Iterator[Difference]:
    keep = mask(plan.capabilities)
    for name, bits in evidence.capabilities:
        yield from _differs(4, f"{name} capabilities", names(keep), names(bits))
    yield from _differs(5, "no_new_privs", True, evidence.no_new_privileges)
    yield from _differs(6, "seccomp mode", _FILTER, evidence.seccomp_mode)
    if evidence.seccomp_filters < 1:
        yield Difference(6, "seccomp filters", "at least 1", str(evidence.seccomp_filters))


def _open_files(evidence: Evidence) -> Iterator[Difference]:
    numbers = tuple(number for number, _ in evidence.open_files)
    yield from _differs(7, "open files", (0, 1, 2), numbers)


def _namespaces(plan: Plan, evidence: Evidence) -> Iterator[Difference]:
    missing = tuple(name for name in plan.namespaces if name not in evidence.own_namespaces)
    yield from _differs(8, "namespaces still shared with the host", (), missing)


def _mounts(plan: Plan, evidence: Evidence) -> Iterator[Difference]:
    # Later mounts on the same target hide earlier ones: the last line counts.
    seen = {fact.target: fact for fact in evidence.mounts}
    root = seen.pop("/", None)
    if root is None or root.fstype != "overlay":
        yield Difference(9, "root file system", "overlay", root.fstype if root else "none")
    else:
        flags = ("nosuid", "nodev") if plan.writable_bytes else ("ro", "nosuid", "nodev")
        yield from _lacks(9, "/", flags, root)
    for item in plan.mounts:
        fact = seen.pop(item.target, None)
        if fact is None:
            yield Difference(10, f"mount on {item.target}", item.describe(), "none")
            continue
        if item.kind not in {"bind", "device"}:
            yield from _differs(
                10, f"kind of {item.target}", _KINDS.get(item.kind, item.kind), fact.fstype
            )
        yield from _lacks(10, item.target, required_options(item.flags), fact)
    for path in (*plan.masked, *plan.read_only):
        fact = seen.pop(path, None)
        kinds = _COVERS if path in plan.masked else ("proc",)
        if fact is None or fact.fstype not in kinds:
            yield Difference(10, f"cover of {path}", " or ".join(kinds), str(fact))
        else:
            yield from _lacks(10, path, ("ro", "nosuid", "noexec"), fact)
    yield from _beyond(plan, seen)


def _beyond(plan: Plan, seen: dict[str, MountFact]) -> Iterator[Difference]:
    """What is left came along with a bind, under the same options, or does not belong here."""
    binds = {item.target: item for item in plan.mounts if item.kind == "bind"}
    for target, fact in seen.items():
        above = next((b for t, b in binds.items() if target.startswith(t + "/")), None)
        if above is None:
            yield Difference(11, f"mount on {target}", "none", f"{fact.fstype} {fact.source}")
        else:
            yield from _lacks(11, target, required_options(above.flags), fact)


def _directories(plan: Plan, evidence: Evidence) -> Iterator[Difference]:
    # Read from another mount namespace, the root of the container shows as "/".
    yield from _differs(12, "root directory", "/", evidence.root)
    if not evidence.cwd.startswith("/"):
        yield Difference(12, "working directory", plan.cwd, evidence.cwd)


def _limits(
    plan: Plan, evidence: Evidence, cgroup_limits: tuple[tuple[str, str], ...]
) -> Iterator[Difference]:
    found = {name: (soft, hard) for name, soft, hard in evidence.limits}
    for name, soft, hard in plan.rlimits:
        yield from _differs(13, f"limit {name}", (soft, hard), found.get(name))
    read_back = dict(evidence.cgroup_limits)
    for name, content in cgroup_limits:
        yield from _differs(14, name, content, read_back.get(name, "none"))


def outside(inside: int, rows: IdRows) -> int:
    """The id outside that `inside` maps to; -1 where it maps to nothing."""
    for first, host, count in rows:
        if first <= inside < first + count:
            return host + inside - first
    return -1


def _lacks(
    number: int, target: str, required: tuple[str, ...], fact: MountFact
) -> Iterator[Difference]:
    missing = [option for option in required if option not in fact.options]
    if missing:
        yield Difference(number, f"options of {target}", ",".join(required), ",".join(fact.options))
    if fact.propagation != "private":
        yield Difference(number, f"propagation of {target}", "private", fact.propagation)


def _differs(number: int, what: str, planned: object, found: object) -> Iterator[Difference]:
    if planned != found:
        yield Difference(number, what, str(planned), str(found))
