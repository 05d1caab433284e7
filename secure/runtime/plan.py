"""The plan: everything a container will be, decided before anything is touched.

Pure. Every setting knows its origin, so that "why is this read-only?" has an answer.
"""

from __future__ import annotations

from secure.runtime.mounts import Mount, planned_mounts, skeleton_dirs
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.settings import Settings
    from secure.runtime.request import Payload

SINGLE, RANGE = "single", "range"

# Masked and read-only paths: runtime-spec's defaults plus what was found missing since
# (powercap: CVE-2020-8694; keys: CVE-2016-9962's neighbour; interrupts: keystroke timing).
MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs",
    "/sys/kernel",
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

IdRows = tuple[tuple[int, int, int], ...]


@value
class Limits:
    """Resource limits of a plan; `by_cgroup` names those that a cgroup will hold.

    The last three are held by a cgroup or not at all; see `kernel.cgroup_support.CgroupLimits`.
    """

    memory_bytes: int
    pids: int
    millicpus: int
    by_cgroup: tuple[str, ...]
    cpu_shares: int = 0
    cpuset: str = ""
    io: tuple[tuple[str, str, int], ...] = ()


@value
class Plan:
    """One container, complete.

    Args:
        id: 16 hex digits.
        argv, env, cwd: what is executed; env as (name, value).
        uid, gid: inside. `id_map` is `SINGLE` (one id, no uid 0) or `RANGE`.
        uid_map, gid_map: rows (inside, outside, count).
        groups_dropped: supplementary groups can be dropped; not so under a single-id map.
        namespaces: names as in /proc/PID/ns that are new for the container.
        layers: host directories, base first.
        writable_bytes: size of the tmpfs that takes writes to the root; 0: the root is read-only.
        mounts: in the order in which they are made.
        files: (path inside, content) laid over the image: hosts, hostname, resolv.conf.
        capabilities: kept, "CAP_…"; none is the rule.
        seccomp: name of the profile.
        landlock: restrict writes to the writable mounts where the kernel has Landlock.
        rlimits: (name, soft, hard).
        affinity: how many processors; 0: all. The substitute where no cgroup can limit cpu.
        origins: setting -> who decided it.
    """

    id: str
    hostname: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    cwd: str
    uid: int
    gid: int
    id_map: str
    uid_map: IdRows
    gid_map: IdRows
    groups_dropped: bool
    namespaces: tuple[str, ...]
    layers: tuple[str, ...]
    writable_bytes: int
    mounts: tuple[Mount, ...]
    directories: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    masked: tuple[str, ...]
    read_only: tuple[str, ...]
    capabilities: tuple[str, ...]
    seccomp: str
    landlock: bool
    rlimits: tuple[tuple[str, int, int], ...]
    limits: Limits
    affinity: int
    terminal: bool
    origins: tuple[tuple[str, str], ...]


@value
class IdMaps:
    """How ids inside map to ids outside; see `secure.runtime.idmaps`."""

    kind: str
    uid_rows: IdRows
    gid_rows: IdRows
    groups_dropped: bool


@value
class Machine:
    """What planning must know of the machine.

    Args:
        by_cgroup: which of "memory", "cpu", "pids" a cgroup will limit.
        ceilings: rlimit name -> the caller's hard limit, which only CAP_SYS_RESOURCE may raise.
        present: which of `MASKED` and `READ_ONLY` this kernel has.
    """

    by_cgroup: tuple[str, ...]
    ceilings: tuple[tuple[str, int], ...]
    present: tuple[str, ...]


def make_plan(
    container_id: str,
    payload: Payload,
    settings: Settings,
    maps: IdMaps,
    layers: tuple[str, ...],
    machine: Machine,
) -> Plan:
    """Settings that the policy granted + what to execute -> the plan.

    Args:
        container_id: 16 hex digits.
        payload: command, environment and names, from flags and image.
        settings: the policy's answer; nothing here loosens it.
    """
    mounts = planned_mounts(settings)
    directories = skeleton_dirs(mounts)
    files = (*_files(payload, settings.network), *_places_for_files(mounts))
    by_cgroup = machine.by_cgroup
    limits = Limits(
        settings.memory_bytes, settings.pids, settings.millicpus, by_cgroup,
        settings.cpu_shares, settings.cpuset, settings.io,
    )  # fmt: skip
    hidden = machine.present if settings.network == "none" else _in_proc(machine.present)
    return Plan(
        id=container_id,
        hostname=payload.hostname or container_id[:12],
        argv=payload.argv,
        env=payload.env,
        cwd=payload.cwd,
        uid=settings.uid,
        gid=settings.gid,
        id_map=maps.kind,
        uid_map=maps.uid_rows,
        gid_map=maps.gid_rows,
        groups_dropped=maps.groups_dropped,
        namespaces=_namespaces(settings.network),
        layers=_without_repeats(layers),
        writable_bytes=0 if settings.read_only_rootfs else settings.memory_bytes // 2,
        mounts=mounts,
        directories=directories,
        # A directory that the user mounts there takes the place of a file of ours.
        files=tuple(file for file in files if file[0] not in directories),
        masked=tuple(path for path in MASKED if path in hidden),
        read_only=tuple(path for path in READ_ONLY if path in hidden),
        capabilities=settings.capabilities,
        seccomp=settings.seccomp,
        landlock=settings.landlock,
        rlimits=_rlimits(settings, by_cgroup, dict(machine.ceilings)),
        limits=limits,
        affinity=0 if "cpu" in by_cgroup else -(-settings.millicpus // 1000),
        terminal=payload.terminal,
        origins=(*settings.origins, *payload.origins),
    )


def _in_proc(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(path for path in paths if path.startswith("/proc/"))


def _namespaces(network: str) -> tuple[str, ...]:
    every = ("user", "mnt", "pid", "net", "uts", "ipc", "cgroup")
    return every if network == "none" else tuple(name for name in every if name != "net")


def _without_repeats(layers: tuple[str, ...]) -> tuple[str, ...]:
    # overlayfs refuses a directory twice (ELOOP). The upper copy hides the lower one entirely.
    kept: list[str] = []
    for layer in reversed(layers):
        if layer not in kept:
            kept.append(layer)
    return tuple(reversed(kept))


def _files(payload: Payload, network: str) -> tuple[tuple[str, str], ...]:
    name = payload.hostname or "localhost"
    hosts = f"127.0.0.1 localhost {name}\n::1 localhost\n"
    resolv = payload.resolv_conf if network == "host" else ""
    return (("/etc/hostname", f"{name}\n"), ("/etc/hosts", hosts), ("/etc/resolv.conf", resolv))


def _places_for_files(mounts: tuple[Mount, ...]) -> tuple[tuple[str, str], ...]:
    binds = [mount for mount in mounts if mount.kind == "bind" and not mount.directory]
    return tuple((mount.target, "") for mount in binds)


def _rlimits(
    settings: Settings, by_cgroup: tuple[str, ...], ceilings: dict[str, int]
) -> tuple[tuple[str, int, int], ...]:
    wanted = {"core": 0, "nofile": settings.nofile}
    if "pids" not in by_cgroup:
        # Since Linux 5.14 counted per user namespace, so it bounds this container alone.
        wanted["nproc"] = settings.pids
    if "memory" not in by_cgroup:
        # Private writable memory of one process: RLIMIT_AS would also count what Go and Java
        # only reserve, and break them.
        wanted["data"] = settings.memory_bytes
    bounded = {name: min(most, ceilings.get(name, most)) for name, most in wanted.items()}
    return tuple((name, most, most) for name, most in sorted(bounded.items()))
