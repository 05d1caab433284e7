"""The gate of a bundle: is the plan what the kernel enforces? Pure.

The comparisons and their numbers are those of `runtime.gate`; what a bundle may ask for and
`secure run` never does (a writable root, capabilities, a shared user namespace) is compared with
the bundle's plan.
"""

from __future__ import annotations

from secure.facts.evidence import Difference, Evidence, MountFact
from secure.kernel.capabilities import mask, names
from secure.kernel.mounts import MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY
from secure.runtime.gate import outside
from secure.runtime.mounts import required_options
from secure.runtime.oci.plan import JOINED, OWN, SHIFTED
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.runtime.oci.mount_options import BundleMount
    from secure.runtime.oci.plan import BundlePlan

_FILTER = 2
_KINDS = {"cgroup": ("tmpfs", "cgroup2")}
_SEEN = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
_LIMITS = ("core", "nofile", "nproc", "data")


@value
class Expected:
    """What must be so beside the plan.

    Args:
        filters: how many were installed.
        cgroup: (file, content) to read back.
        joined: (name, inode) of the namespaces that were joined.
        whole_machine: the caller sees ids of the first user namespace.
    """

    filters: int
    cgroup: tuple[tuple[str, str], ...]
    joined: tuple[tuple[str, int], ...]
    whole_machine: bool


def compare(plan: BundlePlan, evidence: Evidence, expected: Expected) -> tuple[Difference, ...]:
    """Every difference; the caller kills the container unless there is none."""
    return (
        *_ids(plan, evidence, expected),
        *_privileges(plan, evidence, expected),
        *_open_files(plan, evidence),
        *_namespaces(plan, evidence, expected),
        *_mounts(plan, evidence),
        *_directories(evidence),
        *_limits(plan, evidence, expected),
    )


def _ids(plan: BundlePlan, evidence: Evidence, expected: Expected) -> Iterator[Difference]:
    held = plan.privileges
    if plan.identity in {OWN, SHIFTED}:
        uid, gid = outside(held.uid, plan.uid_map), outside(held.gid, plan.gid_map)
        groups = tuple(sorted(outside(g, plan.gid_map) for g in held.groups or ()))
        yield from _differs(3, "uid map", plan.uid_map, evidence.uid_map)
        yield from _differs(3, "gid map", plan.gid_map, evidence.gid_map)
    elif plan.identity == JOINED:
        uid, gid = outside(held.uid, evidence.uid_map), outside(held.gid, evidence.gid_map)
        groups = tuple(sorted(outside(g, evidence.gid_map) for g in held.groups or ()))
    else:
        uid, gid, groups = held.uid, held.gid, tuple(sorted(held.groups or ()))
    yield from _differs(1, "user ids", (uid,) * 4, evidence.uids)
    yield from _differs(1, "group ids", (gid,) * 4, evidence.gids)
    if expected.whole_machine and 0 in evidence.uids:
        yield Difference(1, "user ids", "never uid 0 of the host", str(evidence.uids))
    if held.groups is not None:
        yield from _differs(2, "supplementary groups", groups, tuple(sorted(evidence.groups)))


def _privileges(plan: BundlePlan, evidence: Evidence, expected: Expected) -> Iterator[Difference]:
    planned = dict(plan.privileges.sets)
    for name, bits in evidence.capabilities:
        wanted = names(mask(planned[name]))
        yield from _differs(4, f"{name} capabilities", wanted, names(bits))
    yield from _differs(5, "no_new_privs", True, evidence.no_new_privileges)
    yield from _differs(6, "seccomp mode", _FILTER, evidence.seccomp_mode)
    if evidence.seccomp_filters < expected.filters:
        wanted_text = f"at least {expected.filters}"
        yield Difference(6, "seccomp filters", wanted_text, str(evidence.seccomp_filters))


def _open_files(plan: BundlePlan, evidence: Evidence) -> Iterator[Difference]:
    numbers = tuple(number for number, _ in evidence.open_files)
    yield from _differs(7, "open files", tuple(range(3 + plan.preserve)), numbers)


def _namespaces(plan: BundlePlan, evidence: Evidence, expected: Expected) -> Iterator[Difference]:
    # A time namespace is entered at execve, after the gate.
    new = [name for name in plan.namespaces if name != "time"]
    missing = tuple(name for name in new if name not in evidence.own_namespaces)
    yield from _differs(8, "namespaces still shared with the host", (), missing)
    found = dict(evidence.namespaces)
    for name, inode in expected.joined:
        if name in found:
            yield from _differs(8, f"{name} namespace", inode, found[name])


def _mounts(plan: BundlePlan, evidence: Evidence) -> Iterator[Difference]:
    seen = {fact.target: fact for fact in evidence.mounts}
    root = seen.get("/")
    if root is None:
        yield Difference(9, "root file system", "a mount", "none")
    else:
        flags = ("ro", "nosuid", "nodev") if plan.readonly else ("nosuid", "nodev")
        yield from _lacks(9, "/", flags, root)
    for item in _topmost(plan.mounts):
        fact = seen.get(item.target) or _through_a_link(item, evidence)
        if fact is None:
            yield Difference(10, f"mount on {item.target}", item.kind, "none")
            continue
        if item.kind != "bind" and fact.fstype not in _KINDS.get(item.kind, (item.kind,)):
            yield Difference(10, f"kind of {item.target}", item.kind, fact.fstype)
        options = required_options((item.flags | item.below) & _SEEN)
        yield from _lacks(10, item.target, options, fact)
    yield from _covers(plan, seen)


def _topmost(mounts: tuple[BundleMount, ...]) -> tuple[BundleMount, ...]:
    """Of two on one place, the later one is what can be seen."""
    return tuple({item.target: item for item in mounts}.values())


def _through_a_link(item: BundleMount, evidence: Evidence) -> MountFact | None:
    """A target below a link of the image shows under its real name; the last part stays."""
    tail = item.target.rpartition("/")[2]
    return next((f for f in evidence.mounts if f.target.rpartition("/")[2] == tail), None)


def _covers(plan: BundlePlan, seen: dict[str, MountFact]) -> Iterator[Difference]:
    """A path that the kernel or the image lacks has no cover, and needs none."""
    for path in plan.masked:
        fact = seen.get(path)
        if fact is not None and fact.fstype not in {"tmpfs", "devtmpfs"}:
            yield Difference(10, f"cover of {path}", "tmpfs or devtmpfs", fact.fstype)
    for path in plan.read_only:
        fact = seen.get(path)
        if fact is not None:
            yield from _lacks(10, path, ("ro",), fact)
    # Every procfs has it: without a cover something went wrong.
    proc = any(item.kind == "proc" and item.target == "/proc" for item in plan.mounts)
    if proc and "/proc/sys" in (*plan.masked, *plan.read_only) and "/proc/sys" not in seen:
        yield Difference(10, "cover of /proc/sys", "covered", "open to the container")


def _directories(evidence: Evidence) -> Iterator[Difference]:
    yield from _differs(12, "root directory", "/", evidence.root)
    if not evidence.cwd.startswith("/"):
        yield Difference(12, "working directory", "in the container", evidence.cwd)


def _limits(plan: BundlePlan, evidence: Evidence, expected: Expected) -> Iterator[Difference]:
    found = {name: (soft, hard) for name, soft, hard in evidence.limits}
    for name, soft, hard in plan.process.rlimits:
        if name in _LIMITS:
            yield from _differs(13, f"limit {name}", (soft, hard), found.get(name))
    read_back = dict(evidence.cgroup_limits)
    for name, content in expected.cgroup:
        yield from _differs(14, name, content, read_back.get(name, "none"))


def _lacks(
    number: int, target: str, required: tuple[str, ...], fact: MountFact
) -> Iterator[Difference]:
    if any(option not in fact.options for option in required):
        yield Difference(number, f"options of {target}", ",".join(required), ",".join(fact.options))


def _differs(number: int, what: str, planned: object, found: object) -> Iterator[Difference]:
    if planned != found:
        yield Difference(number, what, str(planned), str(found))
