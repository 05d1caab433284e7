"""Which protection is enforced by what, for the evidence record and for people. Pure."""

from __future__ import annotations

from secure.facts.evidence import Enforcement
from secure.runtime.plan import RANGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.evidence import Evidence
    from secure.runtime.plan import Plan

ENFORCED, PARTLY, NOT = "enforced", "partly enforced", "not enforced"


def enforcements(plan: Plan, evidence: Evidence) -> tuple[Enforcement, ...]:
    """One line per protection of the checklist, with what the kernel showed for it."""
    origins = dict(plan.origins)

    def line(protection: str, state: str, by: str, setting: str = "") -> Enforcement:
        return Enforcement(protection, state, by, origins.get(setting or protection, "default"))

    rows = (*_identity(plan, evidence), *_confinement(plan, evidence), *_limits(plan, evidence))
    return tuple(line(*row) for row in rows)


Row = tuple[str, str, str, str]


def _identity(plan: Plan, evidence: Evidence) -> Iterator[Row]:
    zero = "uid 0 exists inside, unprivileged" if plan.id_map == RANGE else "uid 0 does not exist"
    yield (
        "user that is not root",
        ENFORCED if plan.uid and 0 not in evidence.uids else NOT,
        f"uid {plan.uid} inside is uid {evidence.uids[1]} outside; {zero}",
        "uid",
    )
    if not evidence.groups:
        yield "no supplementary groups", ENFORCED, "setgroups", "uid"
    else:
        yield (
            "no supplementary groups",
            NOT,
            f"the caller's groups {list(evidence.groups)} stay: a single-id map cannot drop them",
            "uid",
        )
    own = ", ".join(evidence.own_namespaces)
    shared = [name for name, _ in evidence.namespaces if name not in evidence.own_namespaces]
    state = PARTLY if shared else ENFORCED
    words = f"own {own}" + (f"; shared with the host: {', '.join(shared)}" if shared else "")
    yield "namespaces", state, words, "network"


def _confinement(plan: Plan, evidence: Evidence) -> Iterator[Row]:
    root = next(mount for mount in reversed(evidence.mounts) if mount.target == "/")
    yield (
        "read-only root filesystem",
        NOT if plan.writable_bytes else ENFORCED,
        f"{root.fstype} mounted {','.join(root.options)}",
        "read_only_rootfs",
    )
    sets = dict(evidence.capabilities)
    held = "none" if not any(sets.values()) else ", ".join(plan.capabilities)
    yield "capabilities dropped", ENFORCED, f"held in any of the five sets: {held}", "capabilities"
    yield "no new privileges", ENFORCED, "no_new_privs = 1", "no_new_privileges"
    filters = f"profile {plan.seccomp}, {evidence.seccomp_filters} filter(s), mode 2"
    yield "system call filter", ENFORCED, filters, "seccomp"
    yield (
        "Landlock",
        PARTLY if evidence.landlock else NOT,
        f"{evidence.landlock}; reported by init, the kernel has no way to read it back"
        if evidence.landlock
        else "not available or not asked for",
        "landlock",
    )
    covered = len(plan.masked) + len(plan.read_only)
    yield "kernel files hidden", ENFORCED, f"{covered} paths of /proc and /sys covered", "masks"


def _limits(plan: Plan, evidence: Evidence) -> Iterator[Row]:
    held = dict(evidence.cgroup_limits)
    by = {name: [f"{f} = {v}" for f, v in held.items() if _concerns(f, name)] for name in _WORDS}
    rlimits = {name: soft for name, soft, _ in evidence.limits}
    for name, (protection, setting) in _WORDS.items():
        if name in plan.limits.by_cgroup:
            yield protection, ENFORCED, "cgroup " + ", ".join(by[name]), setting
        else:
            yield protection, PARTLY, _substitute(name, plan, rlimits), setting
    for start, protection, setting in _FURTHER:
        if files := [
            f"{f} = {v}".replace("\n", "; ") for f, v in held.items() if f.startswith(start)
        ]:
            # A write that goes through the page cache is nobody's by the time it reaches the disk.
            late = any(f.startswith("blkio.throttle.write") for f in files)
            words = "cgroup " + ", ".join(files) + ("; direct writes only" if late else "")
            yield protection, PARTLY if late else ENFORCED, words, setting
    yield "open files limit", ENFORCED, f"RLIMIT_NOFILE = {rlimits['nofile']}", "nofile"
    yield "no core dumps", ENFORCED, f"RLIMIT_CORE = {rlimits['core']}", "core"


_WORDS = {
    "memory": ("memory limit", "memory_bytes"),
    "cpu": ("cpu limit", "millicpus"),
    "pids": ("process limit", "pids"),
}


# Only where they are asked for: (beginning of the files' names, protection, setting).
_FURTHER = (
    ("cpuset.", "processors", "cpuset"),
    ("io.", "disk rates", "io"),
    ("blkio.", "disk rates", "io"),
)


def _concerns(file: str, name: str) -> bool:
    return file.startswith(name + ".")


def _substitute(name: str, plan: Plan, rlimits: dict[str, int]) -> str:
    if name == "memory":
        return f"RLIMIT_DATA = {rlimits['data']} for each process; tmpfs by its size"
    if name == "cpu":
        return f"affinity to {plan.affinity} processor(s), which a process may widen"
    return f"RLIMIT_NPROC = {rlimits['nproc']}, counted in this user namespace"
