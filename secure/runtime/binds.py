"""What a `-v` source really is: opened once, judged by device and inode, never by its name."""

from __future__ import annotations

import os

from secure.errors import UsageError
from secure.facts.launch import BindAsk
from secure.store.paths import cache_dir, data_dir, runtime_dir

_PLACES = (
    "/proc", "/sys", "/dev", "/etc", "/boot",
    "/var/lib/docker", "/var/lib/containers", "/var/lib/containerd", "/var/lib/kubelet",
)  # fmt: skip
_PRIVATE = (".ssh", ".gnupg", ".aws", ".azure", ".config/gcloud", ".kube", ".docker")
_SOCKETS = (
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/k3s/containerd/containerd.sock",
)
# File systems that speak for the kernel, wherever they are mounted.
_KERNEL_FILE_SYSTEMS = frozenset(
    (
        "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "securityfs", "debugfs",
        "tracefs", "bpf", "efivarfs", "configfs", "pstore", "binfmt_misc", "mqueue", "fusectl",
    )
)  # fmt: skip
_KINDS = {0o040000: "directory", 0o100000: "file", 0o140000: "socket"}
_DEVICES = (0o020000, 0o060000)
_RESERVED = ("/proc", "/sys", "/dev")

Identity = tuple[int, int]


def look_at(source: str, target: str, *, read_only: bool) -> BindAsk:
    """Open `source` and say what it is and what it touches.

    Raises:
        UsageError: it does not exist, or the target is no place for a mount.
    """
    _check_target(target)
    try:
        fd = os.open(source, os.O_PATH | os.O_CLOEXEC)
    except OSError as cause:
        raise UsageError(
            f'cannot share "{source}": {cause.strerror}', do="Make it first, or mend the path."
        ) from cause
    try:
        status = os.fstat(fd)
        kind = status.st_mode & 0o170000
        return BindAsk(
            source=os.readlink(f"/proc/self/fd/{fd}"),
            target=os.path.normpath(target),
            read_only=read_only,
            touches=_touches(fd, (status.st_dev, status.st_ino)),
            kind="device" if kind in _DEVICES else _KINDS.get(kind, "other"),
            identity=(status.st_dev, status.st_ino),
        )
    finally:
        os.close(fd)


def _check_target(target: str) -> None:
    clean = os.path.normpath(target)
    if not target.startswith("/") or clean == "/" or "\0" in target or ".." in target.split("/"):
        raise UsageError(f'"{target}" is no place for a mount', do="Give an absolute path inside.")
    # CVE-2019-16884: a mount on /proc hides what masks and security modules rely on.
    if any(clean == place or clean.startswith(place + "/") for place in _RESERVED):
        raise UsageError(f'nothing may be mounted on "{target}"')


def _touches(fd: int, identity: Identity) -> str:
    """The first forbidden thing that the source is, lies in or contains; "" if none."""
    path = os.readlink(f"/proc/self/fd/{fd}")
    if identity == _identity("/") or path == "/":
        return "/"
    kind = _file_system(fd)
    if kind in _KERNEL_FILE_SYSTEMS:
        return f"a kernel file system ({kind})"
    above = {_identity(parent) for parent in _with_parents(path)}
    for place, words in _forbidden():
        its = _identity(place)
        if its is None:
            continue
        if its == identity or its in above:
            return words
        if identity in {_identity(parent) for parent in _with_parents(os.path.realpath(place))}:
            return words
    return ""


def _forbidden() -> list[tuple[str, str]]:
    """(path, words) of everything that is never shared."""
    home = os.environ.get("HOME", "/root")
    user = f"/run/user/{os.geteuid()}"
    sockets = [*_SOCKETS, f"{user}/podman/podman.sock", f"{user}/docker.sock"]
    engine = os.environ.get("DOCKER_HOST", "")
    if engine.startswith("unix://"):
        sockets.append(engine.removeprefix("unix://"))
    return [
        *((place, place) for place in _PLACES),
        *((path, f"an engine socket ({path})") for path in sockets),
        *((place, "secure's own state") for place in (data_dir(), cache_dir(), runtime_dir())),
        *((f"{home}/{name}", f"~/{name}") for name in _PRIVATE),
    ]


def _with_parents(path: str) -> list[str]:
    """`path` and every directory above it but the root."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:n]) for n in range(len(parts), 0, -1)]


def _identity(path: str) -> Identity | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _file_system(fd: int) -> str:
    """The type of the file system behind a descriptor, by its mount id."""
    mount_id = ""
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as file:
        for line in file:
            if line.startswith("mnt_id:"):
                mount_id = line.split()[1]
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            fields = line.split(" ")
            if fields[0] == mount_id:
                return fields[fields.index("-", 6) + 1]
    return ""
