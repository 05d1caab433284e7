"""`spec`: a config.json to begin with, as strict as `secure run`. Pure."""

from __future__ import annotations

from secure.oci.runtime_config import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MASKED = (
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
    "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
)  # fmt: skip
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_SAFE = ["nosuid", "noexec", "nodev"]
_SETS = ("bounding", "effective", "permitted", "inheritable", "ambient")


def example(uid: int, gid: int, *, rootless: bool) -> dict[str, Any]:
    """A config that runs `sh` in ./rootfs.

    Args:
        uid, gid: the caller's, for the id maps of `rootless`.
    """
    spaces = ["pid", "network", "ipc", "uts", "mount", "cgroup"]
    linux: dict[str, Any] = {
        "namespaces": [{"type": name} for name in (*spaces, *(["user"] if rootless else []))],
        "maskedPaths": list(_MASKED),
        "readonlyPaths": list(_READ_ONLY),
    }
    if rootless:
        linux["uidMappings"] = [{"containerID": 0, "hostID": uid, "size": 1}]
        linux["gidMappings"] = [{"containerID": 0, "hostID": gid, "size": 1}]
    return {
        "ociVersion": VERSION,
        "process": {
            "terminal": True,
            "user": {"uid": 0, "gid": 0},
            "args": ["sh"],
            "env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "TERM=xterm",
            ],
            "cwd": "/",
            "capabilities": {name: [] for name in _SETS},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": True},
        "hostname": "secure",
        "mounts": _mounts(rootless=rootless),
        "linux": linux,
    }


def _mounts(*, rootless: bool) -> list[dict[str, Any]]:
    def entry(target: str, kind: str, *options: str) -> dict[str, Any]:
        return {"destination": target, "type": kind, "source": kind, "options": list(options)}

    # gid 5, the group of terminals, is not mapped where only the caller's own is.
    group = [] if rootless else ["gid=5"]
    return [
        entry("/proc", "proc", *_SAFE),
        entry("/dev", "tmpfs", "nosuid", "noexec", "strictatime", "mode=755", "size=65536k"),
        entry("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666",
              "mode=0620", *group),
        entry("/dev/shm", "tmpfs", *_SAFE, "mode=1777", "size=65536k"),  # noqa: S108
        entry("/dev/mqueue", "mqueue", *_SAFE),
        entry("/sys", "sysfs", *_SAFE, "ro"),
        entry("/tmp", "tmpfs", *_SAFE, "mode=1777", "size=65536k"),  # noqa: S108
    ]  # fmt: skip
