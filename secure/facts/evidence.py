"""What the kernel says about one process, read from outside before its first instruction.

On the launch path: `@value` only.
"""

from __future__ import annotations

from secure.value import value


@value
class MountFact:
    """One line of /proc/PID/mountinfo (proc(5)): target inside, filesystem type, options."""

    target: str
    fstype: str
    source: str
    options: tuple[str, ...]  # per-mount options, sorted: "nodev", "noexec", "nosuid", "ro", …
    super_options: tuple[str, ...]
    propagation: str  # "private", "shared", "slave", "unbindable"


@value
class Evidence:
    """The state of a process that is about to execute the image's first instruction.

    Args:
        pid: in the supervisor's pid namespace.
        uids, gids: real, effective, saved, filesystem ids, as the supervisor's namespace sees them.
        groups: supplementary groups, likewise.
        uid_map, gid_map: (inside, outside, count) lines.
        capabilities: the sets "inheritable", "permitted", "effective", "bounding", "ambient" as
            integers.
        seccomp_mode: 2 is a filter. seccomp_filters: how many are stacked.
        namespaces: name -> inode number, for user, mnt, pid, net, uts, ipc, cgroup.
        own_namespaces: names of those that differ from the supervisor's.
        limits: rlimit name -> (soft, hard); -1 is unlimited.
        cgroup_limits: cgroup file -> content, e.g. ("memory.max", "536870912"); empty without one.
        open_files: descriptor -> what it is, except the gate's own.
        landlock: what init reported; the kernel has no way to read it back.
    """

    pid: int
    uids: tuple[int, ...]
    gids: tuple[int, ...]
    groups: tuple[int, ...]
    uid_map: tuple[tuple[int, int, int], ...]
    gid_map: tuple[tuple[int, int, int], ...]
    capabilities: tuple[tuple[str, int], ...]
    no_new_privileges: bool
    seccomp_mode: int
    seccomp_filters: int
    namespaces: tuple[tuple[str, int], ...]
    own_namespaces: tuple[str, ...]
    mounts: tuple[MountFact, ...]
    root: str
    cwd: str
    limits: tuple[tuple[str, int, int], ...]
    cgroup_limits: tuple[tuple[str, str], ...]
    open_files: tuple[tuple[int, str], ...]
    landlock: str
    oom_score_adj: int = 0


@value
class Difference:
    """Plan and kernel disagree: the container is killed.

    Args:
        number: of the comparison in `secure.runtime.gate`.
        what: e.g. "effective capabilities".
        planned, found: both as text.
    """

    number: int
    what: str
    planned: str
    found: str


@value
class Enforcement:
    """One protection and what enforces it, for the evidence record and for people.

    Args:
        protection: "memory limit", "read-only root filesystem", …
        state: "enforced", "partly enforced" or "not enforced".
        by: what enforces it: "cgroup v1 memory.limit_in_bytes = 536870912".
        origin: who asked for it: "policy checklist", "flag --memory", "image", "default".
    """

    protection: str
    state: str
    by: str
    origin: str
