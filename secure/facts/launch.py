"""What a launch asks for, and what this machine can enforce: the facts of the launch gate.

On the launch path: `@value` only.
"""

from __future__ import annotations

from secure.value import value

# How well a limit can be enforced here, best first.
CGROUP, PARTLY, NOT_ENFORCED = "cgroup", "partly", "not enforced"


@value
class BindAsk:
    """One `-v SOURCE:TARGET[:ro|rw]`, after the source was opened and looked at.

    Args:
        source: as given.
        target: absolute path inside.
        read_only: True unless `rw` was asked.
        touches: what the opened source is, lies in or contains (by device and inode, never by
            name) that must not be shared: "/", "/proc", "/sys", "/dev", "/etc", "an engine socket
            (/run/docker.sock)", "secure's own state"; "" if nothing.
        kind: "directory", "file", "socket", "device" or "other".
        identity: (device, inode) of the opened source; init mounts nothing else.
    """

    source: str
    target: str
    read_only: bool
    touches: str
    kind: str
    identity: tuple[int, int] = (0, 0)


@value
class LaunchAsk:
    """What flags and image ask for. `None` means: not asked, the policy's default counts.

    Each value is what would hold if the policy had no say; `origins` says who asked.

    Args:
        uid, gid: the user the process would run as inside.
        user_named: the image or flag named a user at all.
        read_only_rootfs, no_new_privileges: None, True or False.
        cap_add, cap_drop: kernel names, "CAP_…" upper case, or "ALL".
        seccomp: profile name, or "unconfined".
        memory_bytes, pids, millicpus, nofile: limits asked.
        memory_swap_bytes: memory and swap together; -1 is unlimited.
        cpu_shares: 1024 is everybody's. cpuset, io: as `CgroupLimits`; they only tighten.
        network: "none" or "host".
        tmpfs: (target, bytes or 0 for the policy's default) pairs.
        env_secret_names: names of `-e` variables whose value looks like a secret.
        security_opts: every other --security-opt, as given: all are refused by name.
        unmask: paths the request wants unmasked.
        devices: host devices asked for.
        origins: field name -> "flag --x", "image", "env" for fields that were asked.
    """

    uid: int
    gid: int
    user_named: bool
    read_only_rootfs: bool | None = None
    no_new_privileges: bool | None = None
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    seccomp: str | None = None
    memory_bytes: int | None = None
    pids: int | None = None
    millicpus: int | None = None
    nofile: int | None = None
    memory_swap_bytes: int | None = None
    cpu_shares: int | None = None
    cpuset: str = ""
    io: tuple[tuple[str, str, int], ...] = ()
    network: str | None = None
    tmpfs: tuple[tuple[str, int], ...] = ()
    binds: tuple[BindAsk, ...] = ()
    env_secret_names: tuple[str, ...] = ()
    security_opts: tuple[str, ...] = ()
    privileged: bool = False
    devices: tuple[str, ...] = ()
    host_namespaces: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()


@value
class MachineFacts:
    """What this machine can enforce for this user, and by what.

    Args:
        memory, cpu, pids: `CGROUP`, `PARTLY` or `NOT_ENFORCED`.
        limits_by: words for people, e.g. "cgroup v2 (delegated)", "rlimits".
        limits_do: the command or setting that would enable cgroup limits, "" if they work.
        landlock_abi: 0 where the kernel has none.
        seccomp: the kernel filters system calls.
        user_namespaces: "" if they work, else why not and what to do.
    """

    memory: str
    cpu: str
    pids: str
    limits_by: str
    limits_do: str
    landlock_abi: int
    seccomp: bool
    user_namespaces: str = ""
