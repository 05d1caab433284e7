"""The plan as an OCI runtime config (runtime-spec 1.2, config.md and config-linux.md). Pure.

Who decided a setting stands in annotations, `secure.origin.SETTING`.
"""

from __future__ import annotations

from secure.runtime.mounts import Mount, required_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.runtime.plan import IdRows, Plan

    Json = dict[str, object]

_VERSION = "1.2.0"
_OCI_NAMES = {"mnt": "mount", "net": "network"}
_PERIOD_US = 100_000


def to_config(plan: Plan) -> Json:
    """config.json of the plan; what the specification has no field for is in annotations."""
    return {
        "ociVersion": _VERSION,
        "hostname": plan.hostname,
        "root": {"path": "rootfs", "readonly": not plan.writable_bytes},
        "process": _process(plan),
        "mounts": [_mount(item) for item in plan.mounts],
        "linux": _linux(plan),
        "annotations": {
            "secure.id": plan.id,
            "secure.layers": ":".join(plan.layers),
            "secure.seccomp": plan.seccomp,
            "secure.landlock": str(plan.landlock).lower(),
            "secure.affinity": str(plan.affinity),
            **{f"secure.origin.{setting}": who for setting, who in plan.origins},
        },
    }


def _process(plan: Plan) -> Json:
    sets = ("bounding", "effective", "permitted", "inheritable", "ambient")
    return {
        "terminal": plan.terminal,
        "user": {"uid": plan.uid, "gid": plan.gid},
        "args": list(plan.argv),
        "env": [f"{name}={text}" for name, text in plan.env],
        "cwd": plan.cwd,
        "capabilities": {name: list(plan.capabilities) for name in sets},
        "rlimits": [
            {"type": f"RLIMIT_{name.upper()}", "soft": soft, "hard": hard}
            for name, soft, hard in plan.rlimits
        ],
        "noNewPrivileges": True,
    }


def _mount(item: Mount) -> Json:
    kind = {"dev": "tmpfs", "device": "bind"}.get(item.kind, item.kind)
    options = [*required_options(item.flags), *filter(None, item.options.split(","))]
    return {
        "destination": item.target,
        "type": kind,
        "source": item.source or kind,
        "options": (["rbind"] if kind == "bind" else []) + options,
    }


def _linux(plan: Plan) -> Json:
    return {
        "namespaces": [{"type": _OCI_NAMES.get(name, name)} for name in plan.namespaces],
        "uidMappings": _mappings(plan.uid_map),
        "gidMappings": _mappings(plan.gid_map),
        "maskedPaths": list(plan.masked),
        "readonlyPaths": list(plan.read_only),
        "resources": {
            "memory": {"limit": plan.limits.memory_bytes, "swap": plan.limits.memory_bytes},
            "cpu": {
                "quota": plan.limits.millicpus * _PERIOD_US // 1000,
                "period": _PERIOD_US,
                **({"shares": plan.limits.cpu_shares} if plan.limits.cpu_shares else {}),
                **({"cpus": plan.limits.cpuset} if plan.limits.cpuset else {}),
            },
            **({"blockIO": _block_io(plan)} if plan.limits.io else {}),
            "pids": {"limit": plan.limits.pids},
        },
    }


def _block_io(plan: Plan) -> Json:
    found: dict[str, list[Json]] = {}
    for rate, device, most in plan.limits.io:
        major, _, minor = device.partition(":")
        row: Json = {"major": int(major), "minor": int(minor), "rate": most}
        found.setdefault(_THROTTLES[rate], []).append(row)
    return dict(found)


_THROTTLES = {
    "read-bps": "throttleReadBpsDevice",
    "write-bps": "throttleWriteBpsDevice",
    "read-iops": "throttleReadIOPSDevice",
    "write-iops": "throttleWriteIOPSDevice",
}


def _mappings(rows: IdRows) -> list[Json]:
    return [{"containerID": a, "hostID": b, "size": count} for a, b, count in rows]
