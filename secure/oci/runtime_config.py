"""config.json of a bundle, checked and typed (runtime-spec 1.2). Pure.

`runtime_fields` says which fields there are; this file says what they mean together.
"""

from __future__ import annotations

from secure.errors import DocumentError
from secure.oci.json_text import decode
from secure.oci.runtime_fields import Check
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = "1.2.0"
STAGES = (
    "prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
)  # fmt: skip
# The specification's word -> the name in /proc/PID/ns.
NAMESPACES = {
    "user": "user", "mount": "mnt", "pid": "pid", "network": "net", "uts": "uts", "ipc": "ipc",
    "cgroup": "cgroup", "time": "time",
}  # fmt: skip
SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")
IdRows = tuple[tuple[int, int, int], ...]


@value
class Process:
    """What is executed, as `process` of config.json or a file of `exec --process` says.

    Args:
        umask: -1 where the config does not say.
        capabilities: set -> names, for each of `SETS`.
        rlimits: (name as "nofile", soft, hard); -1 is unlimited.
        oom_score_adj: None leaves it alone.
        scheduler: (policy, nice, priority, flags, runtime, deadline, period), or None.
        io_priority: (class, priority), or None.
        console: (rows, columns), (0, 0) where the config does not say.
        apparmor: the profile to enter, "" for none.
    """

    args: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str
    terminal: bool
    console: tuple[int, int]
    uid: int
    gid: int
    groups: tuple[int, ...]
    umask: int
    capabilities: tuple[tuple[str, tuple[str, ...]], ...]
    rlimits: tuple[tuple[str, int, int], ...]
    oom_score_adj: int | None
    scheduler: tuple[str, int, int, tuple[str, ...], int, int, int] | None
    io_priority: tuple[str, int] | None
    apparmor: str


@value
class MountEntry:
    """One of `mounts`, as written."""

    destination: str
    type: str
    source: str
    options: tuple[str, ...]


@value
class Device:
    """One of `linux.devices`; what the config does not say of mode and owner is -1."""

    path: str
    type: str
    major: int
    minor: int
    mode: int
    uid: int
    gid: int


@value
class Hook:
    """One hook; `timeout_s` 0 is none."""

    path: str
    args: tuple[str, ...]
    env: tuple[str, ...]
    timeout_s: int


@value
class RuntimeConfig:
    """The whole config.

    Args:
        namespaces: (name as in /proc/PID/ns, path or "" for a new one).
        hooks: stage -> hooks in order.
        resources: as written, checked against the table; None for no field.
        seccomp: as written, checked; None without one.
        time_offsets: (clock, seconds, nanoseconds).
        unknown: fields that the specification does not know.
    """

    version: str
    process: Process | None
    root: str
    readonly: bool
    hostname: str
    domainname: str
    mounts: tuple[MountEntry, ...]
    hooks: tuple[tuple[str, tuple[Hook, ...]], ...]
    annotations: tuple[tuple[str, str], ...]
    namespaces: tuple[tuple[str, str], ...]
    uid_map: IdRows
    gid_map: IdRows
    devices: tuple[Device, ...]
    cgroups_path: str
    resources: dict[str, Any]
    propagation: str
    masked: tuple[str, ...]
    read_only: tuple[str, ...]
    sysctl: tuple[tuple[str, str], ...]
    seccomp: dict[str, Any] | None
    personality: tuple[str, tuple[str, ...]] | None
    time_offsets: tuple[tuple[str, int, int], ...]
    unknown: tuple[str, ...]

    def hooks_at(self, stage: str) -> tuple[Hook, ...]:
        """The hooks of one stage, in order."""
        return dict(self.hooks)[stage]


def read_config(content: bytes) -> RuntimeConfig:
    """Parse config.json.

    Raises:
        DocumentError: with every mistake of the file, each with the field's name.
    """
    found = decode(content, "config.json")
    check = Check()
    check.fields(found)
    _stop(check.mistakes, "config.json")
    config: dict[str, Any] = found  # type: ignore[assignment]  # checked just now
    mistakes: list[str] = []
    made = _config(config, tuple(check.unknown), mistakes)
    _stop(mistakes, "config.json")
    return made


def read_process(content: bytes) -> Process:
    """Parse the file of `exec --process`.

    Raises:
        DocumentError: with every mistake of the file.
    """
    found = decode(content, "the process file")
    check = Check()
    check.fields(found, "process", "process")
    _stop(check.mistakes, "the process file")
    mistakes: list[str] = []
    made = _process(found, mistakes)  # type: ignore[arg-type]  # checked just now
    _stop(mistakes, "the process file")
    return made


def _stop(mistakes: list[str], where: str) -> None:
    if mistakes:
        shown = "; ".join(mistakes[:20])
        raise DocumentError(f"{where}: {shown}", do="Correct it or leave that field out.")


def _config(config: dict[str, Any], unknown: tuple[str, ...], mistakes: list[str]) -> RuntimeConfig:
    linux = config.get("linux") or {}
    root = config.get("root") or {}
    version = config.get("ociVersion") or ""
    if version.partition(".")[0] != "1":
        mistakes.append(f'ociVersion: 1.x expected, "{version}" found')
    if not root.get("path"):
        mistakes.append("root.path: a path expected")
    process = config.get("process")
    personality = linux.get("personality")
    return RuntimeConfig(
        version=version,
        process=_process(process, mistakes) if process else None,
        root=root.get("path") or "",
        readonly=bool(root.get("readonly")),
        hostname=config.get("hostname") or "",
        domainname=config.get("domainname") or "",
        mounts=tuple(_mount(m, n, mistakes) for n, m in enumerate(config.get("mounts") or ())),
        hooks=tuple(_hooks(config.get("hooks") or {}, mistakes)),
        annotations=_texts(config.get("annotations"), "annotations", mistakes),
        namespaces=_namespaces(linux.get("namespaces") or (), mistakes),
        uid_map=_rows(linux.get("uidMappings")),
        gid_map=_rows(linux.get("gidMappings")),
        devices=tuple(_device(d) for d in linux.get("devices") or ()),
        cgroups_path=linux.get("cgroupsPath") or "",
        resources=linux.get("resources") or {},
        propagation=_propagation(linux.get("rootfsPropagation") or "", mistakes),
        masked=tuple(linux.get("maskedPaths") or ()),
        read_only=tuple(linux.get("readonlyPaths") or ()),
        sysctl=_texts(linux.get("sysctl"), "linux.sysctl", mistakes),
        seccomp=linux.get("seccomp"),
        personality=(personality.get("domain") or "", tuple(personality.get("flags") or ()))
        if personality
        else None,
        time_offsets=_offsets(linux.get("timeOffsets") or {}, mistakes),
        unknown=unknown,
    )


def _process(found: dict[str, Any], mistakes: list[str]) -> Process:
    user = found.get("user") or {}
    sets = found.get("capabilities") or {}
    size = found.get("consoleSize") or {}
    if not found.get("args") or not found["args"][0]:
        mistakes.append("process.args: at least one, not empty, expected")
    if not found.get("cwd"):
        mistakes.append("process.cwd: an absolute path expected")
    for number, line in enumerate(found.get("env") or ()):
        if "=" not in line:
            mistakes.append(f"process.env[{number}]: NAME=VALUE expected")
    schedule, io = found.get("scheduler"), found.get("ioPriority")
    profile = found.get("apparmorProfile") or ""
    return Process(
        args=tuple(found.get("args") or ()),
        env=tuple(found.get("env") or ()),
        cwd=found.get("cwd") or "/",
        terminal=bool(found.get("terminal")),
        console=(size.get("height") or 0, size.get("width") or 0),
        uid=user.get("uid") or 0,
        gid=user.get("gid") or 0,
        groups=tuple(user.get("additionalGids") or ()),
        umask=-1 if user.get("umask") is None else user["umask"] & 0o777,
        capabilities=tuple((name, tuple(sets.get(name) or ())) for name in SETS),
        rlimits=_rlimits(found.get("rlimits") or (), mistakes),
        oom_score_adj=found.get("oomScoreAdj"),
        scheduler=_scheduler(schedule) if schedule else None,
        io_priority=(io.get("class") or "", io.get("priority") or 0) if io else None,
        apparmor="" if profile == "unconfined" else profile,
    )


def _scheduler(
    found: dict[str, Any],
) -> tuple[str, int, int, tuple[str, ...], int, int, int]:
    numbers = [found.get(name) or 0 for name in ("runtime", "deadline", "period")]
    flags = tuple(found.get("flags") or ())
    front = (found.get("policy") or "", found.get("nice") or 0, found.get("priority") or 0)
    return (*front, flags, numbers[0], numbers[1], numbers[2])


def _rlimits(found: Any, mistakes: list[str]) -> tuple[tuple[str, int, int], ...]:
    names = [item.get("type") or "" for item in found]
    # config.md: duplicated entries with the same type MUST be an error.
    twice = sorted({name for name in names if names.count(name) > 1})
    mistakes += [f"process.rlimits: {name} stands there twice" for name in twice]
    rows = []
    for item in found:
        name = (item.get("type") or "").removeprefix("RLIMIT_").lower()
        soft, hard = item.get("soft") or 0, item.get("hard") or 0
        if soft > hard:
            mistakes.append(f"process.rlimits: {name}: soft {soft} is above hard {hard}")
        rows.append((name, _signed(soft), _signed(hard)))
    return tuple(rows)


def _signed(number: int) -> int:
    # RLIM_INFINITY is 2^64 - 1; the kernel's calls here take it as -1.
    return number - (1 << 64) if number >= 1 << 63 else number


def _mount(found: dict[str, Any], number: int, mistakes: list[str]) -> MountEntry:
    target = found.get("destination") or ""
    # config.md: an absolute path; a relative one is still read, as relative to "/".
    path = "/" + target.strip("/")
    if not target or path == "/" or ".." in path.split("/"):
        mistakes.append(f'mounts[{number}].destination: "{target}" is no place for a mount')
    return MountEntry(
        destination=path,
        type=found.get("type") or "",
        source=found.get("source") or "",
        options=tuple(found.get("options") or ()),
    )


def _hooks(found: dict[str, Any], mistakes: list[str]) -> list[tuple[str, tuple[Hook, ...]]]:
    made = []
    for stage in STAGES:
        hooks = []
        for number, item in enumerate(found.get(stage) or ()):
            timeout = item.get("timeout")
            if timeout is not None and timeout <= 0:
                mistakes.append(f"hooks.{stage}[{number}].timeout: above 0 expected")
            if not item.get("path"):
                mistakes.append(f"hooks.{stage}[{number}].path: a path expected")
            args, env = tuple(item.get("args") or ()), tuple(item.get("env") or ())
            hooks.append(Hook(item.get("path") or "", args, env, timeout or 0))
        made.append((stage, tuple(hooks)))
    return made


def _texts(found: Any, where: str, mistakes: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = tuple((found or {}).items())
    for key, text in pairs:
        if not isinstance(text, str) or not key or "\0" in key + text:
            mistakes.append(f'{where}."{key[:80]}": text expected')
    return pairs


def _namespaces(found: Any, mistakes: list[str]) -> tuple[tuple[str, str], ...]:
    types = [item.get("type") or "" for item in found]
    twice = sorted({name for name in types if types.count(name) > 1})
    unknown = [name for name in types if name not in NAMESPACES]
    mistakes += [f'linux.namespaces: unknown type "{name}"' for name in unknown]
    mistakes += [f'linux.namespaces: "{name}" stands there twice' for name in twice]
    return tuple(
        (NAMESPACES.get(item.get("type") or "", ""), item.get("path") or "") for item in found
    )


def _rows(found: Any) -> IdRows:
    names = ("containerID", "hostID", "size")
    return tuple(
        (row[0], row[1], row[2])
        for row in ([item.get(name) or 0 for name in names] for item in found or ())
    )


def _device(found: dict[str, Any]) -> Device:
    return Device(
        path=found.get("path") or "",
        type=found.get("type") or "",
        major=found.get("major") or 0,
        minor=found.get("minor") or 0,
        mode=-1 if found.get("fileMode") is None else found["fileMode"] & 0o7777,
        uid=-1 if found.get("uid") is None else found["uid"],
        gid=-1 if found.get("gid") is None else found["gid"],
    )


def _propagation(text: str, mistakes: list[str]) -> str:
    kinds = ("shared", "slave", "private", "unbindable")
    if text and text.removeprefix("r") not in kinds:
        mistakes.append(f'linux.rootfsPropagation: unknown "{text}"')
    return text


def _offsets(found: Any, mistakes: list[str]) -> tuple[tuple[str, int, int], ...]:
    rows = []
    for clock, item in found.items():
        parts = item if isinstance(item, dict) else {}
        secs, nanosecs = parts.get("secs") or 0, parts.get("nanosecs") or 0
        if clock not in {"monotonic", "boottime"} or not isinstance(secs, int):
            mistakes.append(f'linux.timeOffsets: unknown clock "{clock}" or wrong offset')
        rows.append((clock, secs, nanosecs))
    return tuple(rows)
