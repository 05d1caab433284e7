"""Every field of config.json (runtime-spec 1.2): applied, or refused with its name. Never ignored.

A field that is neither here nor in the specification is ignored, as the specification demands
("Extensibility"), and named in a warning.

`[]` stands for the items of a list; a "map" takes any key. A refused field that is empty (null, "",
false, 0, [] or {}) asks for nothing and is let through.

Source: runtime-spec 1.2: config.md, config-linux.md and schema/.
"""

from __future__ import annotations

# Kinds: text, path (absolute), flag, u64, i64, u32, i32, texts, map, object, objects.
APPLIED = {
    "ociVersion": "text",
    "hostname": "text",
    "domainname": "text",
    "annotations": "map",
    "root": "object",
    "root.path": "text",
    "root.readonly": "flag",
    "mounts": "objects",
    "mounts[].destination": "text",
    "mounts[].type": "text",
    "mounts[].source": "text",
    "mounts[].options": "texts",
    "process": "object",
    "process.terminal": "flag",
    "process.consoleSize": "object",
    "process.consoleSize.height": "u32",
    "process.consoleSize.width": "u32",
    "process.cwd": "path",
    "process.env": "texts",
    "process.args": "texts",
    "process.rlimits": "objects",
    "process.rlimits[].type": "text",
    "process.rlimits[].soft": "u64",
    "process.rlimits[].hard": "u64",
    "process.noNewPrivileges": "flag",
    "process.capabilities": "object",
    "process.capabilities.bounding": "texts",
    "process.capabilities.effective": "texts",
    "process.capabilities.permitted": "texts",
    "process.capabilities.inheritable": "texts",
    "process.capabilities.ambient": "texts",
    "process.oomScoreAdj": "i32",
    "process.apparmorProfile": "text",
    "process.scheduler": "object",
    "process.scheduler.policy": "text",
    "process.scheduler.nice": "i32",
    "process.scheduler.priority": "i32",
    "process.scheduler.flags": "texts",
    "process.scheduler.runtime": "u64",
    "process.scheduler.deadline": "u64",
    "process.scheduler.period": "u64",
    "process.ioPriority": "object",
    "process.ioPriority.class": "text",
    "process.ioPriority.priority": "i32",
    "process.user": "object",
    "process.user.uid": "u32",
    "process.user.gid": "u32",
    "process.user.umask": "u32",
    "process.user.additionalGids": "u32s",
    "hooks": "object",
    **{
        f"hooks.{stage}{rest}": kind
        for stage in (
            "prestart", "createRuntime", "createContainer", "startContainer", "poststart",
            "poststop",
        )
        for rest, kind in (
            ("", "objects"), ("[].path", "path"), ("[].args", "texts"), ("[].env", "texts"),
            ("[].timeout", "i64"),
        )
    },
    "linux": "object",
    "linux.namespaces": "objects",
    "linux.namespaces[].type": "text",
    "linux.namespaces[].path": "path",
    **{
        f"linux.{ids}{rest}": kind
        for ids in ("uidMappings", "gidMappings")
        for rest, kind in (
            ("", "objects"), ("[].containerID", "u32"), ("[].hostID", "u32"), ("[].size", "u32"),
        )
    },
    "linux.timeOffsets": "map",
    "linux.devices": "objects",
    "linux.devices[].type": "text",
    "linux.devices[].path": "path",
    "linux.devices[].major": "i64",
    "linux.devices[].minor": "i64",
    "linux.devices[].fileMode": "u32",
    "linux.devices[].uid": "u32",
    "linux.devices[].gid": "u32",
    "linux.cgroupsPath": "text",
    "linux.resources": "object",
    "linux.resources.devices": "objects",
    "linux.resources.devices[].allow": "flag",
    "linux.resources.devices[].type": "text",
    "linux.resources.devices[].major": "i64",
    "linux.resources.devices[].minor": "i64",
    "linux.resources.devices[].access": "text",
    "linux.resources.memory": "object",
    "linux.resources.memory.limit": "i64",
    "linux.resources.memory.reservation": "i64",
    "linux.resources.memory.swap": "i64",
    "linux.resources.memory.swappiness": "u64",
    "linux.resources.memory.disableOOMKiller": "flag",
    "linux.resources.memory.useHierarchy": "flag",
    "linux.resources.cpu": "object",
    "linux.resources.cpu.shares": "u64",
    "linux.resources.cpu.quota": "i64",
    "linux.resources.cpu.burst": "u64",
    "linux.resources.cpu.period": "u64",
    "linux.resources.cpu.cpus": "text",
    "linux.resources.cpu.mems": "text",
    "linux.resources.cpu.idle": "i64",
    "linux.resources.pids": "object",
    "linux.resources.pids.limit": "i64",
    "linux.resources.blockIO": "object",
    "linux.resources.blockIO.weight": "u32",
    **{
        f"linux.resources.blockIO.throttle{what}Device{rest}": kind
        for what in ("ReadBps", "WriteBps", "ReadIOPS", "WriteIOPS")
        for rest, kind in (
            ("", "objects"), ("[].major", "i64"), ("[].minor", "i64"), ("[].rate", "u64"),
        )
    },
    "linux.resources.unified": "map",
    "linux.rootfsPropagation": "text",
    "linux.maskedPaths": "texts",
    "linux.readonlyPaths": "texts",
    "linux.sysctl": "map",
    "linux.seccomp": "object",
    "linux.seccomp.defaultAction": "text",
    "linux.seccomp.defaultErrnoRet": "u32",
    "linux.seccomp.architectures": "texts",
    "linux.seccomp.flags": "texts",
    "linux.seccomp.listenerPath": "path",
    "linux.seccomp.listenerMetadata": "text",
    "linux.seccomp.syscalls": "objects",
    "linux.seccomp.syscalls[].names": "texts",
    "linux.seccomp.syscalls[].action": "text",
    "linux.seccomp.syscalls[].errnoRet": "u32",
    "linux.seccomp.syscalls[].args": "objects",
    "linux.seccomp.syscalls[].args[].index": "u32",
    "linux.seccomp.syscalls[].args[].value": "u64",
    "linux.seccomp.syscalls[].args[].valueTwo": "u64",
    "linux.seccomp.syscalls[].args[].op": "text",
    "linux.personality": "object",
    "linux.personality.domain": "text",
    "linux.personality.flags": "texts",
}  # fmt: skip

_NO_LABEL = "this runtime sets no label of SELinux"
_NOT_LINUX = "is for another platform"
REFUSED = {
    "process.selinuxLabel": _NO_LABEL,
    "process.commandLine": _NOT_LINUX,
    "process.user.username": _NOT_LINUX,
    "process.execCPUAffinity": "this runtime sets no affinity for exec; use resources.cpu.cpus",
    # Proposed for the specification: a protection that somebody counts on is not passed over.
    "process.landlock": "this runtime has a Landlock ruleset of its own, and takes none",
    "mounts[].uidMappings": "this runtime makes idmapped mounts only for a whole container",
    "mounts[].gidMappings": "this runtime makes idmapped mounts only for a whole container",
    "linux.mountLabel": _NO_LABEL,
    "linux.intelRdt": "this runtime does not use resctrl",
    "linux.netDevices": "this runtime moves no network device; let the engine do it",
    "linux.memoryPolicy": "this runtime sets no NUMA policy; use resources.cpu.mems",
    "linux.resources.memory.checkBeforeUpdate": "the kernel reclaims, or refuses the new limit",
    "linux.resources.memory.kernel": "Linux has had no such limit since 5.16",
    "linux.resources.memory.kernelTCP": "it counts nothing on cgroup v2; use memory.limit",
    "linux.resources.cpu.realtimeRuntime": "this runtime hands out no real-time share",
    "linux.resources.cpu.realtimePeriod": "this runtime hands out no real-time share",
    "linux.resources.blockIO.leafWeight": "Linux has had no such weight since 5.0",
    "linux.resources.blockIO.weightDevice": "this runtime weighs no single block device",
    "linux.resources.hugepageLimits": "this runtime limits no huge pages",
    "linux.resources.network": "this runtime marks no packets; let the engine do it",
    "linux.resources.rdma": "this runtime limits no RDMA",
    "solaris": _NOT_LINUX,
    "windows": _NOT_LINUX,
    "vm": _NOT_LINUX,
    "zos": _NOT_LINUX,
    "freebsd": _NOT_LINUX,
}

_NUMBERS = {
    "u32": (0, 2**32 - 1),
    "i32": (-(2**31), 2**31 - 1),
    "u64": (0, 2**64 - 1),
    "i64": (-(2**63), 2**63 - 1),
}
MAX_ITEMS = 8_192  # of any list or map: 70,000 id rows were an attack (CVE-2021-43784)
MAX_TEXT = 128 * 1024  # the kernel's own bound for one argument (MAX_ARG_STRLEN)


class Check:
    """Walks a document and collects what is wrong with it.

    Attributes:
        mistakes: for the user, each with the field's name.
        unknown: fields that are in no list here.
    """

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self.unknown: list[str] = []

    def fields(self, found: object, where: str = "", shape: str = "") -> None:
        """Check every field of one object.

        Args:
            where: its path for messages, with indices. shape: its path in the table.
        """
        if not isinstance(found, dict):
            self.mistakes.append(f"{where or 'the document'}: an object expected")
            return
        for key, item in found.items():
            path = f"{shape}.{key}" if shape else key
            place = f"{where}.{key}" if where else key
            if path in REFUSED:
                if item not in (None, "", False, 0, [], {}):
                    self.mistakes.append(f"{place} is refused: {REFUSED[path]}")
            elif path not in APPLIED:
                self.unknown.append(place)
            elif item is not None:  # Go writes what is absent as null
                self._value(APPLIED[path], item, place, path)

    def _value(self, kind: str, item: object, place: str, path: str) -> None:
        if kind == "object":
            self.fields(item, place, path)
        elif kind in {"objects", "texts", "u32s"}:
            self._list(kind, item, place, path)
        elif kind == "map":
            self._map(item, place)
        elif kind in _NUMBERS:
            self._number(kind, item, place)
        elif kind == "flag":
            if not isinstance(item, bool):
                self.mistakes.append(f"{place}: true or false expected")
        else:
            self._text(item, place, absolute=kind == "path")

    def _list(self, kind: str, items: object, place: str, path: str) -> None:
        if not isinstance(items, list):
            self.mistakes.append(f"{place}: a list expected")
            return
        if len(items) > MAX_ITEMS:
            self.mistakes.append(f"{place}: {len(items)} items, at most {MAX_ITEMS}")
            return
        for number, item in enumerate(items):
            if kind == "objects":
                self.fields(item, f"{place}[{number}]", f"{path}[]")
            elif kind == "texts":
                self._text(item, f"{place}[{number}]")
            else:
                self._number("u32", item, f"{place}[{number}]")

    def _map(self, found: object, place: str) -> None:
        if not isinstance(found, dict) or len(found) > MAX_ITEMS:
            self.mistakes.append(f"{place}: an object with at most {MAX_ITEMS} keys expected")

    def _number(self, kind: str, item: object, place: str) -> None:
        least, most = _NUMBERS[kind]
        if isinstance(item, bool) or not isinstance(item, int) or not least <= item <= most:
            self.mistakes.append(f"{place}: a whole number from {least} to {most} expected")

    def _text(self, item: object, place: str, *, absolute: bool = False) -> None:
        if not isinstance(item, str) or "\0" in item or len(item) > MAX_TEXT:
            self.mistakes.append(f"{place}: text without NUL, at most {MAX_TEXT} long, expected")
        elif absolute and item and not item.startswith("/"):
            self.mistakes.append(f'{place}: "{item[:80]}" is not an absolute path')
