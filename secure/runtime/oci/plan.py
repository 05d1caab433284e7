"""A bundle's plan: config.json within what the policy grants. Pure.

Who is mapped to whom:

    caller                     config.json              the container
    ordinary user              user namespace, maps     as asked (newuidmap for ranges)
    ordinary user              none                     refused: nothing can be set up without one
    root of a user namespace   none                     shares it: its root is somebody outside
    root of the machine        user namespace, maps     as asked, but never onto host uid 0
    root of the machine        none                     shifted by a subordinate range, with
                                                        idmapped mounts (docs/decisions/0008)
"""

from __future__ import annotations

from secure.errors import DocumentError, UsageError
from secure.kernel.capabilities import NAMES
from secure.kernel.rlimits import RLIMITS
from secure.runtime.oci.mount_options import PROPAGATION, BundleMount, read_mount
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.oci.runtime_config import IdRows, Process, RuntimeConfig

OWN, SHARED, JOINED, SHIFTED = "own", "shared", "joined", "shifted"
# Always there, as config-linux.md, "Default Devices", demands.
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# Kernel settings that belong to a namespace, so that no other container and not the host has them
# changed (sysctl(8); Linux Documentation/admin-guide/sysctl).
_IPC_SYSCTLS = frozenset(
    "kernel." + name
    for name in (
        "msgmax", "msgmnb", "msgmni", "sem", "shmall", "shmmax", "shmmni", "shm_rmid_forced",
    )
)  # fmt: skip
# What engines mean by "all groups"; a group that is not mapped is none that could be named.
_PING_GROUPS = "net.ipv4.ping_group_range"


@value
class Surroundings:
    """What planning must know of the caller.

    Args:
        whole_machine: the caller's user namespace is the first one.
        range_base: where a shifted container's ids begin.
    """

    euid: int
    egid: int
    whole_machine: bool
    range_base: int
    range_size: int


@value
class Privileges:
    """What a process inside holds: for init, and again for exec.

    Args:
        sets: set -> names, within what the policy grants.
        groups: None where they cannot be changed (an id map without newgidmap).
    """

    uid: int
    gid: int
    groups: tuple[int, ...] | None
    sets: tuple[tuple[str, tuple[str, ...]], ...]


@value
class BundlePlan:
    """One container from a bundle, complete.

    Args:
        identity: `OWN` user namespace, `SHARED` with the caller, `JOINED` by path or `SHIFTED`.
        namespaces: names that are new; joins: (name, path).
        setup_root: init becomes uid 0 of its user namespace to set things up.
        devices: (path inside, path on the host or "KIND:MAJOR:MINOR:MODE:UID:GID").
        seccomp: names of the filters, for people.
    """

    id: str
    root: str
    readonly: bool
    process: Process
    privileges: Privileges
    hostname: str
    domainname: str
    identity: str
    uid_map: IdRows
    gid_map: IdRows
    setup_root: bool
    namespaces: tuple[str, ...]
    joins: tuple[tuple[str, str], ...]
    mounts: tuple[BundleMount, ...]
    devices: tuple[tuple[str, str], ...]
    masked: tuple[str, ...]
    read_only: tuple[str, ...]
    sysctl: tuple[tuple[str, str], ...]
    propagation: int
    personality: int | None
    time_offsets: tuple[tuple[str, int, int], ...]
    hooks: bool
    preserve: int


def make_plan(
    container_id: str, config: RuntimeConfig, around: Surroundings, bundle: str, preserve: int
) -> BundlePlan:
    """The plan of a bundle.

    Args:
        bundle: absolute path of its directory.
        preserve: how many descriptors beyond standard error are handed on.

    Raises:
        DocumentError: a field that cannot be applied here, by its name.
        UsageError: the config has no process.
    """
    process = config.process
    if process is None:
        raise UsageError("config.json has no process", do="Add one: nothing else can be started.")
    spaces = dict(config.namespaces)
    if spaces.get("mnt") != "":
        raise DocumentError('linux.namespaces: a "mount" namespace without a path is needed')
    identity, uid_map, gid_map = _identity(config, around)
    new = tuple(name for name, path in config.namespaces if not path and name != "user")
    if identity in {OWN, SHIFTED}:
        new = ("user", *new)
    # Tightened: without one the host's cgroup tree can be read from /proc/self/cgroup.
    if "cgroup" not in spaces:
        new = (*new, "cgroup")
    # newgidmap, which is only needed for more than one's own id, is privileged enough for groups.
    own = ((gid_map[0][0], around.egid, 1),) if gid_map else ()
    names, sysctl = _sysctls(config, new, gid_map if identity == SHIFTED else ())
    groups_fixed = around.euid != 0 and identity == OWN and gid_map == own
    root = config.root if config.root.startswith("/") else f"{bundle}/{config.root}"
    return BundlePlan(
        id=container_id,
        root=root,
        readonly=config.readonly,
        process=process,
        privileges=privileges_of(process, groups_fixed=groups_fixed),
        hostname=_for_uts(names.get("hostname", config.hostname), "hostname", new),
        domainname=_for_uts(names.get("domainname", config.domainname), "domainname", new),
        identity=identity,
        uid_map=uid_map,
        gid_map=gid_map,
        setup_root=_has_root(identity, uid_map, gid_map),
        namespaces=new,
        joins=tuple((name, path) for name, path in config.namespaces if path),
        mounts=tuple(read_mount(entry, n) for n, entry in enumerate(config.mounts)),
        devices=_devices(config),
        masked=_inside(config.masked, "linux.maskedPaths"),
        read_only=_inside(config.read_only, "linux.readonlyPaths"),
        sysctl=sysctl,
        propagation=_propagation(config.propagation),
        personality=_personality(config.personality),
        time_offsets=_offsets(config, new),
        hooks=any(hooks for _, hooks in config.hooks),
        preserve=preserve,
    )


def privileges_of(process: Process, *, groups_fixed: bool) -> Privileges:
    """What `process` holds.

    Args:
        groups_fixed: the kernel lets nobody set groups in this user namespace.

    Raises:
        DocumentError: an unknown capability, or groups that cannot be set here.
    """
    for name, held in process.capabilities:
        for capability in held:
            if capability not in NAMES:
                raise DocumentError(f'process.capabilities.{name}: unknown "{capability}"')
    for kind, _, _ in process.rlimits:
        if kind not in RLIMITS:
            raise DocumentError(f'process.rlimits: unknown type "RLIMIT_{kind.upper()}"')
    if groups_fixed and process.groups:
        raise DocumentError(
            "process.user.additionalGids: the kernel lets nobody set groups in a user namespace "
            "that maps one id without newgidmap",
            do="Map a range of ids, or leave the groups out.",
        )
    return Privileges(
        process.uid,
        process.gid,
        None if groups_fixed else process.groups,
        process.capabilities,
    )


def _identity(config: RuntimeConfig, around: Surroundings) -> tuple[str, IdRows, IdRows]:
    path = dict(config.namespaces).get("user")
    if path:
        return JOINED, (), ()
    if path is None:
        if config.uid_map or config.gid_map:
            raise DocumentError("linux.uidMappings: there is no user namespace to map in")
        if around.euid != 0:
            raise DocumentError(
                'linux.namespaces: an ordinary user needs a "user" namespace',
                do="Add it with uidMappings and gidMappings: secure oci spec --rootless",
            )
        if not around.whole_machine:
            return SHARED, (), ()
        rows: IdRows = ((0, around.range_base, around.range_size),)
        return SHIFTED, rows, rows
    if not config.uid_map or not config.gid_map:
        raise DocumentError("linux.uidMappings and linux.gidMappings: at least one row expected")
    if around.whole_machine and around.euid == 0:
        for name, rows in (("uid", config.uid_map), ("gid", config.gid_map)):
            if _reaches_zero(rows):
                raise DocumentError(
                    f"linux.{name}Mappings: it would map the host's root into the container",
                    do="Map a subordinate range, e.g. podman --userns=auto.",
                )
    return OWN, config.uid_map, config.gid_map


def _reaches_zero(rows: IdRows) -> bool:
    return any(host == 0 and count for _, host, count in rows)


def _has_root(identity: str, *maps: IdRows) -> bool:
    """Init can be uid 0 of its user namespace; what one that is joined maps, init will see."""
    if identity in {OWN, SHIFTED}:
        return all(any(first == 0 and count for first, _, count in rows) for rows in maps)
    return identity == JOINED


def _for_uts(name: str, field: str, new: tuple[str, ...]) -> str:
    if name and "uts" not in new:
        raise DocumentError(f'{field}: it needs a "uts" namespace of the container\'s own')
    if len(name) > 64:
        raise DocumentError(f"{field}: at most 64 letters")
    return name


def _devices(config: RuntimeConfig) -> tuple[tuple[str, str], ...]:
    """The default devices, and those that the config adds; the policy has seen the latter."""
    found = {f"/dev/{name}": f"/dev/{name}" for name in DEVICES}
    for number, device in enumerate(config.devices):
        if device.type not in {"c", "u", "b"}:
            raise DocumentError(
                f'linux.devices[{number}].type: "{device.type}" is refused; known: c, u, b'
            )
        numbers = (device.major, device.minor, device.mode, device.uid, device.gid)
        kind = "b" if device.type == "b" else "c"
        found.setdefault(device.path, f"{kind}:{':'.join(map(str, numbers))}")
    return tuple(found.items())


def _inside(paths: tuple[str, ...], field: str) -> tuple[str, ...]:
    for path in paths:
        if not path.startswith("/") or ".." in path.split("/"):
            raise DocumentError(f'{field}: "{path}" is not an absolute path in the container')
    return paths


def _sysctls(
    config: RuntimeConfig, new: tuple[str, ...], shifted: IdRows
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """(names of the UTS namespace, settings to write as (path below /proc/sys, content)).

    The names go by sethostname(2) and setdomainname(2): their files belong to the machine's root
    whatever the user namespace.

    Args:
        shifted: the group map of a user namespace that the config did not ask for, or none.
    """
    names, found = dict[str, str](), list[tuple[str, str]]()
    for name, text in config.sysctl:
        plain = name.replace("/", ".")
        _check_sysctl(name, plain, config, new)
        if plain.startswith("kernel.") and plain[7:] in {"hostname", "domainname"}:
            names[plain[7:]] = text
        elif plain == _PING_GROUPS and shifted:
            found.append((plain.replace(".", "/"), _within(text, shifted)))
        else:
            found.append((name.replace(".", "/"), text))
    return names, tuple(found)


def _check_sysctl(name: str, plain: str, config: RuntimeConfig, new: tuple[str, ...]) -> None:
    if ".." in plain or plain != plain.strip("."):
        raise DocumentError(f'linux.sysctl: "{name}" names no setting')
    ipc = plain in _IPC_SYSCTLS or plain.startswith("fs.mqueue.")
    space = "ipc" if ipc else "net" if plain.startswith("net.") else ""
    if plain in {"kernel.domainname", "kernel.hostname"}:
        space = "uts"
    if not space:
        raise DocumentError(f'linux.sysctl: "{name}" is refused: it would change the whole machine')
    if space not in new and not dict(config.namespaces).get(space):
        raise DocumentError(
            f'linux.sysctl: "{name}" is refused: the "{space}" namespace is the host\'s'
        )


def _within(text: str, rows: IdRows) -> str:
    """A range of groups, cut to those that exist in the user namespace."""
    words = text.split()
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return text  # the kernel will say what is wrong with it
    most = max(first + count - 1 for first, _, count in rows)
    return f"{words[0]} {min(int(words[1]), most)}"


def _propagation(word: str) -> int:
    base = word.removeprefix("r")
    if not word:
        return 0
    return PROPAGATION[base] | (0x4000 if word != base else 0)


def _personality(found: tuple[str, tuple[str, ...]] | None) -> int | None:
    if found is None:
        return None
    domain, flags = found
    domains = {"LINUX": 0, "LINUX32": 8}
    if domain not in domains:
        raise DocumentError(f'linux.personality.domain: unknown "{domain}"')
    if flags:
        raise DocumentError("linux.personality.flags: the specification knows none")
    return domains[domain]


def _offsets(config: RuntimeConfig, new: tuple[str, ...]) -> tuple[tuple[str, int, int], ...]:
    if config.time_offsets and "time" not in new:
        raise DocumentError('linux.timeOffsets: it needs a "time" namespace of its own')
    return config.time_offsets
