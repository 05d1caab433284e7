"""What the kernel says about a process, read from outside through /proc (proc(5))."""

from __future__ import annotations

from secure import system as os
from secure.errors import LaunchError
from secure.facts.evidence import Evidence, MountFact
from secure.kernel.namespaces import CLONE_NEWUSER, NAMESPACES, setns
from secure.value import value

_SETS = (
    ("inheritable", "CapInh"),
    ("permitted", "CapPrm"),
    ("effective", "CapEff"),
    ("bounding", "CapBnd"),
    ("ambient", "CapAmb"),
)
_LIMIT_NAMES = (
    ("Max core file size", "core"),
    ("Max open files", "nofile"),
    ("Max processes", "nproc"),
    ("Max data size", "data"),
)
_MAX_FILE = 4 * 1024 * 1024
_MAX_MESSAGE = 65_536
_ENOENT, _EINVAL = 2, 22
_PIECE = 8192  # bytes: larger buffers cost more pages than they save calls


def own_namespaces() -> tuple[tuple[str, int], ...]:
    """The caller's namespaces, by name: what a container's are compared with."""
    return tuple((name, _namespace("self", name)) for name, _ in NAMESPACES)


@value
class Known:
    """What the supervisor knows beside /proc.

    Args:
        namespaces: its own, see `own_namespaces`.
        cgroup_limits: read back from the container's cgroup.
        landlock: what init says it applied.
        other_ids: the container's ids are not the caller's: only a member of its user namespace
            may list /proc/PID/fd.
    """

    namespaces: tuple[tuple[str, int], ...]
    cgroup_limits: tuple[tuple[str, str], ...]
    landlock: str
    other_ids: bool


def observe(pid: int, known: Known) -> Evidence:
    """Everything the gate compares.

    Args:
        pid: a process that is held and cannot change itself.

    Raises:
        LaunchError: the process is gone.
    """
    try:
        return _observe(pid, known)
    except FileNotFoundError as cause:
        raise LaunchError("the container died at the gate") from cause


@value
class Standing:
    """Who a process is and what it may do: what /proc/PID/status shows to everyone."""

    uids: tuple[int, ...]
    gids: tuple[int, ...]
    groups: tuple[int, ...]
    capabilities: tuple[tuple[str, int], ...]
    no_new_privileges: bool
    seccomp_mode: int
    seccomp_filters: int


def standing(pid: int) -> Standing:
    """Of a process that is held; the fields are explained at `Evidence`."""
    status = dict(
        line.split(":\t", 1) for line in _read(f"/proc/{pid}/status").splitlines() if ":\t" in line
    )
    return Standing(
        uids=_numbers(status["Uid"]),
        gids=_numbers(status["Gid"]),
        groups=_numbers(status["Groups"]),
        capabilities=tuple((name, int(status[field], 16)) for name, field in _SETS),
        no_new_privileges=status["NoNewPrivs"].strip() == "1",
        seccomp_mode=int(status["Seccomp"]),
        # Since Linux 5.9; before it the mode alone is known.
        seccomp_filters=int(status.get("Seccomp_filters", "1")),
    )


def _observe(pid: int, known: Known) -> Evidence:
    found = standing(pid)
    spaces = tuple((name, _namespace(pid, name)) for name, _ in NAMESPACES)
    callers = dict(known.namespaces)
    own = tuple(name for name, inode in spaces if inode != callers[name])
    return Evidence(
        pid=pid,
        uids=found.uids,
        gids=found.gids,
        groups=found.groups,
        uid_map=id_map(pid, "uid"),
        gid_map=id_map(pid, "gid"),
        capabilities=found.capabilities,
        no_new_privileges=found.no_new_privileges,
        seccomp_mode=found.seccomp_mode,
        seccomp_filters=found.seccomp_filters,
        namespaces=spaces,
        own_namespaces=own,
        mounts=parse_mountinfo(_read(f"/proc/{pid}/mountinfo")),
        root=os.readlink(f"/proc/{pid}/root"),
        cwd=os.readlink(f"/proc/{pid}/cwd"),
        limits=limits_of(pid),
        cgroup_limits=known.cgroup_limits,
        open_files=_files_from_inside(pid) if known.other_ids else _open_files(pid),
        landlock=known.landlock,
        oom_score_adj=int(_read(f"/proc/{pid}/oom_score_adj")),
    )


def parse_mountinfo(text: str) -> tuple[MountFact, ...]:
    """The lines of /proc/PID/mountinfo; fields up to the lone "-" vary in number."""
    found = []
    for line in text.splitlines():
        fields = line.split(" ")
        dash = fields.index("-", 6)
        optional = {field.partition(":")[0] for field in fields[6:dash]}
        found.append(
            MountFact(
                target=_unescape(fields[4]),
                fstype=fields[dash + 1],
                source=_unescape(fields[dash + 2]),
                options=tuple(sorted(fields[5].split(","))),
                super_options=tuple(sorted(fields[dash + 3].split(","))),
                propagation=_propagation(optional),
            )
        )
    return tuple(found)


def _propagation(optional: set[str]) -> str:
    for word, meaning in (("shared", "shared"), ("master", "slave"), ("unbindable", "unbindable")):
        if word in optional:
            return meaning
    return "private"


def _unescape(field: str) -> str:
    # The kernel writes space, tab, newline and backslash as \040 \011 \012 \134.
    if "\\" not in field:
        return field
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _open_files(pid: int) -> tuple[tuple[int, str], ...]:
    """Descriptors that execve would leave open: what they are."""
    folder = f"/proc/{pid}/fd"
    kept = [number for number in sorted(map(int, os.listdir(folder))) if _survives(pid, number)]
    return tuple((number, os.readlink(f"{folder}/{number}")) for number in kept)


def _survives(pid: int, number: int) -> bool:
    for line in _read(f"/proc/{pid}/fdinfo/{number}").splitlines():
        if line.startswith("flags:"):
            return not int(line.split()[1], 8) & os.O_CLOEXEC
    return True


def _files_from_inside(pid: int) -> tuple[tuple[int, str], ...]:
    """`_open_files`, asked by a child of ours that enters the user namespace for it.

    The child holds every capability there and none here; it stays out of the container's pid and
    mount namespaces, so nothing inside can reach it.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            setns(os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC), CLONE_NEWUSER)
            lines = [f"{number} {what}" for number, what in _open_files(pid)]
            os.write(writer, "\n".join(lines)[:_MAX_MESSAGE].encode("utf-8", "backslashreplace"))
            code = 0
        finally:
            os._exit(code)
    os.close(writer)
    with open(reader, "rb") as file:
        text = file.read(_MAX_MESSAGE).decode("utf-8", "replace")
    if os.waitpid(child, 0)[1] != 0:
        raise LaunchError("the container's open files cannot be listed")
    pairs = (line.partition(" ") for line in text.splitlines())
    return tuple((int(number), what) for number, _, what in pairs)


def limits_of(pid: int) -> tuple[tuple[str, int, int], ...]:
    """The limits that are compared, as `Evidence.limits`."""
    text = _read(f"/proc/{pid}/limits")
    found = []
    for title, name in _LIMIT_NAMES:
        for line in text.splitlines():
            if line.startswith(title):
                soft, hard = line[len(title) :].split()[:2]
                found.append((name, _amount(soft), _amount(hard)))
    return tuple(sorted(found))


def _amount(word: str) -> int:
    return -1 if word == "unlimited" else int(word)


def _namespace(pid: int | str, name: str) -> int:
    # A link of the form "mnt:[4026531841]".
    return int(os.readlink(f"/proc/{pid}/ns/{name}").partition("[")[2].rstrip("]"))


def root_mount(pid: int) -> str:
    """The number of the mount that is "/" for a process: no other mount of this machine has it."""
    lines = [line.split(" ", 5) for line in _read(f"/proc/{pid}/mountinfo").splitlines()]
    return next((fields[0] for fields in lines if fields[4] == "/"), "none")


def id_map(pid: int, kind: str) -> tuple[tuple[int, int, int], ...]:
    """(inside, outside, count) rows of a process's "uid" or "gid" map."""
    rows = (_numbers(line) for line in _read(f"/proc/{pid}/{kind}_map").splitlines())
    return tuple((row[0], row[1], row[2]) for row in rows)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


def _read(path: str) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as cause:
        if cause.errno != _EINVAL:
            raise
        # What the kernel says of the mounts of a process that has ended and is not reaped.
        raise FileNotFoundError(_ENOENT, "the process has ended", path) from cause
    try:
        pieces = []
        while piece := os.read(fd, _PIECE):
            pieces.append(piece)
            if len(pieces) > _MAX_FILE // _PIECE:
                raise LaunchError(f'"{path}" is larger than anything expected')
        return b"".join(pieces).decode("utf-8", "backslashreplace")
    finally:
        os.close(fd)
