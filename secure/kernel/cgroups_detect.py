"""Where this process can make cgroups: as root or delegated, on v2, v1 or both (hybrid).

Looks only; nothing is changed. Order for each controller: v2, then v1.

v1     root: HIERARCHY/secure; a user: HIERARCHY/secure/user-UID or HIERARCHY/secure, if root gave
       it to the user.
v2     root of the machine: MOUNT/secure; else among the own cgroup and its parents, as far as they
       belong to this user, the nearest of those with the most controllers. A parent counts if it
       holds no process; the own cgroup, if this process is alone in it and it is a scope or a unit
       with Delegate=: then the limits of that unit hold for the container too, and stopping it
       ends both. If none counts, but this process is alone in a cgroup of its user's, that.

Source: cgroups(7); Linux admin-guide/cgroup-v2, "Delegation"; systemd's docs/CGROUP_DELEGATION.md.
"""

from __future__ import annotations

from secure import system as os
from secure.errors import KernelError, MachineError
from secure.kernel.cgroup_files import BASE, read, read_if_there
from secure.kernel.cgroup_support import CONTROLLERS, NONE, V1, V2, CgroupSupport
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


_V1_WORDS = (("cpuset", "cpuset"), ("io", "blkio"))  # our name, v1's


@value
class Hierarchy:
    """One mounted cgroup hierarchy.

    Args:
        mount: where; root: which of its directories is mounted there.
        unified: it is v2.
        controllers, further: of v1 only; v2 tells them in each directory.
    """

    mount: str
    root: str
    unified: bool
    controllers: tuple[str, ...]
    further: tuple[str, ...] = ()


@value
class Place:
    """A directory for children: by which words and version, and what v2 needs before."""

    base: str
    version: str
    by: str
    passes_on: tuple[str, ...] = ()
    steps_aside: str = ""


def detect() -> CgroupSupport:
    """What this process can limit by cgroups, and if not all, why and what to do."""
    return support(hierarchies(), _text("/proc/self/cgroup"), os.geteuid())


def detect_further(support: CgroupSupport, controllers: tuple[str, ...]) -> CgroupSupport:
    """`support`, and where these controllers of `FURTHER` can be used.

    Raises:
        MachineError: one cannot.
    """
    bases = dict(support.bases)
    versions: dict[str, str] = {}
    v2 = next((base for c, base in support.bases if support.version(c) == V2), "")
    above = read_if_there(f"{os.path.dirname(v2)}/cgroup.controllers").split() if v2 else []
    v1 = {name: h for h in hierarchies() for name in h.further}
    for name in controllers:
        if name in above:
            bases[name], versions[name] = v2, V2
        elif name in v1 and (base := _v1_base(v1[name], os.geteuid())):
            bases[name], versions[name] = base, V1
        else:
            raise MachineError(
                f"cannot limit {name} by cgroup: that controller is not this user's to use",
                do=support.do or f"Once as root: secure setup delegate --user {os.geteuid()}",
            )
    return replace(support, bases=tuple(bases.items()), further=tuple(versions.items()))


def hierarchies() -> tuple[Hierarchy, ...]:
    """What is mounted."""
    return tuple(_hierarchies(_text("/proc/self/mountinfo")))


def own_unified() -> str:
    """The directory of this process's v2 cgroup; "" where v2 has no controllers."""
    own_cgroups = _text("/proc/self/cgroup")
    v2 = (h for h in hierarchies() if h.unified and _controllers(h.mount))
    return next((found for h in v2 if (found := _own_directory(h, own_cgroups))), "")


def support(found: tuple[Hierarchy, ...], own_cgroups: str, uid: int) -> CgroupSupport:
    """`detect` on given mounts, text of /proc/self/cgroup and user."""
    places: dict[str, Place] = {}
    reasons: list[str] = []
    for hierarchy in found:
        if hierarchy.unified:
            places |= _unified(hierarchy, own_cgroups, uid, reasons)
    for hierarchy in found:
        for controller in CONTROLLERS:
            if controller in hierarchy.controllers and controller not in places:
                base = _v1_base(hierarchy, uid)
                if base:
                    words = "cgroup v1 (root)" if uid == 0 else "cgroup v1 (delegated)"
                    places[controller] = Place(base, V1, words)
    missing = [controller for controller in CONTROLLERS if controller not in places]
    reason, do = _missing(missing, found, uid, reasons) if missing else ("", "")
    v2 = next((place for place in places.values() if place.version == V2), None)
    memory, cpu, pids = (
        places[controller].version if controller in places else NONE for controller in CONTROLLERS
    )
    return CgroupSupport(
        memory,
        cpu,
        pids,
        bases=tuple((c, places[c].base) for c in CONTROLLERS if c in places),
        passes_on=v2.passes_on if v2 else (),
        steps_aside=v2.steps_aside if v2 else "",
        by=", ".join(dict.fromkeys(places[c].by for c in CONTROLLERS if c in places)),
        reason=reason,
        do=do,
    )


def _hierarchies(mountinfo: str) -> Iterator[Hierarchy]:
    """The cgroup mounts in the text of /proc/self/mountinfo (proc(5))."""
    for line in mountinfo.splitlines():
        front, _, back = line.partition(" - ")
        kind, _, rest = back.partition(" ")
        if kind not in ("cgroup", "cgroup2"):
            continue
        fields = front.split(" ")
        options = rest.rpartition(" ")[2].split(",")
        v1 = options if kind == "cgroup" else []
        controllers = tuple(c for c in CONTROLLERS if c in v1)
        further = tuple(name for name, word in _V1_WORDS if word in v1)
        yield Hierarchy(
            _plain(fields[4]), _plain(fields[3]), kind == "cgroup2", controllers, further
        )


def _plain(path: str) -> str:
    """The path that mountinfo writes with octal escapes."""
    for octal, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(octal, plain)
    return path


def _v1_base(hierarchy: Hierarchy, uid: int) -> str:
    base = f"{hierarchy.mount}/{BASE}"
    if uid == 0:
        return base if _writable(base if os.path.isdir(base) else hierarchy.mount) else ""
    return next((d for d in (f"{base}/user-{uid}", base) if _writable(d)), "")


def _unified(
    hierarchy: Hierarchy, own_cgroups: str, uid: int, reasons: list[str]
) -> dict[str, Place]:
    """Controller -> place on v2; what stands in the way is added to `reasons`."""
    mount = hierarchy.mount
    if not _controllers(mount):
        return {}
    # Only the root of the whole machine has no cgroup.type, and only it may hold processes.
    if uid == 0 and not os.path.exists(f"{mount}/cgroup.type"):
        if _writable(mount):
            return _children_of(mount, "cgroup v2 (root)")
        reasons.append(f"{mount} is read-only")
        return {}
    return _delegated(_own_directory(hierarchy, own_cgroups), mount, reasons)


def _delegated(own: str, mount: str, reasons: list[str]) -> dict[str, Place]:
    owned = list(_owned(own, mount)) if own else []
    if not owned:
        reasons.append(f'the cgroup of this process, "{own or mount}", is not delegated to it')
        return {}
    alone = _holds(own) == [str(os.getpid())]
    free = [directory for directory in owned[1:] if _holds(directory) == []]
    if alone and (not any(map(_controllers, free)) or _is_own_unit(own)):
        free.insert(0, own)
    # max() takes the first, so the nearest, of equals.
    best = max(free, key=lambda directory: len(_controllers(directory)), default="")
    if best and _controllers(best):
        aside = own if best == own else ""
        return _children_of(best, "cgroup v2 (delegated)", steps_aside=aside)
    reasons.append(f'"{own}" is delegated, but other processes are in it or it has no controllers')
    return {}


def _is_own_unit(directory: str) -> bool:
    """A unit whose inside is for its processes to arrange.

    systemd marks the cgroups of units with Delegate= since version 251, but its user's managers
    mark nothing. What is in a scope was put there by its maker, not started by systemd.
    """
    if directory.endswith(".scope"):
        return True
    try:
        return os.getxattr(directory, "user.delegate") == b"1"
    except OSError:  # no mark, or no extended attributes in this kernel's cgroupfs
        return False


def _children_of(parent: str, by: str, steps_aside: str = "") -> dict[str, Place]:
    base = f"{parent}/{BASE}"
    place = Place(base, V2, by, (parent, base), steps_aside)
    return dict.fromkeys(_controllers(parent), place)


def _own_directory(hierarchy: Hierarchy, own_cgroups: str) -> str:
    """The directory of this process's v2 cgroup, "" if it is not below the mount."""
    for line in own_cgroups.splitlines():
        path = line.removeprefix("0::")
        if path == line or path.startswith("/.."):
            continue
        root = hierarchy.root.rstrip("/")
        if path == root or path.startswith(f"{root}/"):
            return (hierarchy.mount + path.removeprefix(root)).rstrip("/")
    return ""


def _owned(own: str, mount: str) -> Iterator[str]:
    """`own` and its parents up to the mount, as long as they are delegated to this user."""
    directory = own
    while directory.startswith(mount):
        files = ("", "/cgroup.procs", "/cgroup.subtree_control")
        if not all(_writable(directory + file) for file in files):
            return
        yield directory
        directory = os.path.dirname(directory)


def _controllers(directory: str) -> tuple[str, ...]:
    present = read_if_there(f"{directory}/cgroup.controllers").split()
    return tuple(controller for controller in CONTROLLERS if controller in present)


def _holds(directory: str) -> list[str] | None:
    """The processes in a cgroup; None if that cannot be read (a threaded cgroup)."""
    try:
        return read(f"{directory}/cgroup.procs").split()
    except KernelError:
        return None


def _writable(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=True)


def _missing(
    missing: list[str], found: tuple[Hierarchy, ...], uid: int, reasons: list[str]
) -> tuple[str, str]:
    """(why, what to do)."""
    v1 = {c: h.mount for h in found for c in h.controllers if c in missing}
    names = ", ".join(missing)
    if len(v1) == len(missing):
        if uid == 0:
            mounts = ", ".join(v1.values())
            return f"{mounts} cannot be written", "Mount the cgroup hierarchies read-write."
        do = f"Once as root, until the next boot: secure setup delegate --user {uid}"
        return f"{names}: not delegated to this user (cgroup v1)", do
    if reasons:
        return "; ".join(reasons), _delegate_v2(uid)
    return (
        f"{names}: no mounted cgroup hierarchy has it",
        "Mount cgroup v2 at /sys/fs/cgroup and boot with these controllers enabled.",
    )


def _delegate_v2(uid: int) -> str:
    if uid == 0:
        return "Start it outside a container, or with a writable, private cgroup namespace."
    return (
        "Start it in a delegated cgroup: systemd-run --user --scope -p Delegate=yes -- secure …; "
        f"where that lacks controllers, once as root: secure setup delegate --user {uid}"
    )


def _text(path: str) -> str:
    """A file of /proc, undecodable bytes kept."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
