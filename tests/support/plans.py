"""A plan and the evidence that matches it, for tests of pure parts."""

from __future__ import annotations

from secure import __version__
from secure.facts.evidence import Evidence, MountFact
from secure.policy.settings import Settings
from secure.runtime.mounts import required_options
from secure.runtime.plan import SINGLE, IdMaps, Machine, Plan, make_plan
from secure.runtime.record import LaunchRecord
from secure.runtime.request import Payload

CALLER = 1001
SETTINGS = Settings(
    uid=10001,
    gid=10001,
    read_only_rootfs=True,
    no_new_privileges=True,
    capabilities=(),
    seccomp="default",
    memory_bytes=256 << 20,
    pids=64,
    millicpus=1000,
    nofile=1024,
    tmpfs=(("/tmp", 16 << 20),),
    shm_bytes=1 << 20,
    network="none",
    binds=(),
    landlock=True,
    limits="best-effort",
    origins=(("memory_bytes", "flag --memory"),),
)
PAYLOAD = Payload(("/bin/true",), (("PATH", "/bin"),), "/", "", False, "", ())
MAPS = IdMaps(SINGLE, ((10001, CALLER, 1),), ((10001, CALLER, 1),), groups_dropped=False)
MACHINE = Machine((), (), ("/proc/kcore", "/proc/sys"))

RECORD = LaunchRecord(
    version=__version__,
    reference="web.tar",
    digest="sha256:" + "a" * 64,
    config_digest="sha256:" + "b" * 64,
    layers=("/layers/a",),
    user="app",
    accounts=(("root", 0, 0, "/root"), ("app", 10001, 10002, "/home/app")),
    groups=(("staff", 50), ("zero", 0)),
    entrypoint=("/bin/app",),
    cmd=("--serve",),
    env=("PATH=/bin",),
    working_dir="/srv",
    volumes=(),
    stop_signal="",
)


def plan(settings: Settings = SETTINGS, machine: Machine = MACHINE) -> Plan:
    return make_plan(
        "0123456789abcdef", PAYLOAD, settings, MAPS, ("/layers/a", "/layers/b"), machine
    )


def evidence(of: Plan) -> Evidence:
    """What a kernel would show that does all of the plan."""
    spaces = ("user", "mnt", "pid", "net", "uts", "ipc", "cgroup")
    return Evidence(
        pid=4321,
        uids=(CALLER,) * 4,
        gids=(CALLER,) * 4,
        groups=(CALLER,),
        uid_map=of.uid_map,
        gid_map=of.gid_map,
        capabilities=tuple(
            (name, 0) for name in ("inheritable", "permitted", "effective", "bounding", "ambient")
        ),
        no_new_privileges=True,
        seccomp_mode=2,
        seccomp_filters=1,
        namespaces=tuple((name, 4026532000 + n) for n, name in enumerate(spaces)),
        own_namespaces=of.namespaces,
        mounts=_mounts(of),
        root="/",
        cwd="/",
        limits=of.rlimits,
        cgroup_limits=(),
        open_files=((0, "/dev/null"), (1, "pipe:[1]"), (2, "pipe:[2]")),
        landlock="",
    )


def _mounts(of: Plan) -> tuple[MountFact, ...]:
    root = MountFact("/", "overlay", "overlay", ("nodev", "nosuid", "ro"), ("ro",), "private")
    kinds = {"dev": "tmpfs", "device": "devtmpfs", "bind": "ext4"}
    planned = [
        MountFact(
            item.target,
            kinds.get(item.kind, item.kind),
            item.kind,
            (*required_options(item.flags), "relatime"),
            ("rw",),
            "private",
        )
        for item in of.mounts
    ]
    covers = [
        MountFact(
            path,
            "tmpfs" if path in of.masked else "proc",
            "x",
            ("noexec", "nosuid", "ro"),
            (),
            "private",
        )
        for path in (*of.masked, *of.read_only)
    ]
    return (root, *planned, *covers)
