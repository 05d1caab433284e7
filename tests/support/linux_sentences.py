"""Sentences of the runtime-spec about Linux (config-linux.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import seccomp_agent
from bundles import Runtime, write_config
from spec_case import CGROUP, Case, Config, linux
from stepping import eventually

L = "config-linux.md"


def _lost_network(config: Config) -> None:
    spaces = config["linux"]["namespaces"]
    next(one for one in spaces if one["type"] == "network")["path"] = "/nosuch"


def _time(config: Config) -> None:
    config["linux"]["namespaces"].append({"type": "time"})
    config["linux"]["timeOffsets"] = {"boottime": {"secs": 1_000_000, "nanosecs": 0}}


_MADE = "mkdir /nosuch/x && echo ok"


def _asking(config: Config, path: Path) -> None:
    config["linux"]["seccomp"] = seccomp_agent.notifying(path, *seccomp_agent.MKDIR)


def _agent(
    script: str, holds: Callable[[Runtime, seccomp_agent.Agent], bool]
) -> Callable[[Runtime, Path], bool]:
    """A container whose mkdir(2) an agent answers: it is made, nobody says where."""

    def steps(runtime: Runtime, bundle: Path) -> bool:
        with seccomp_agent.agent(bundle, {str(seccomp_agent.NUMBERS["mkdir"]): [0, 0]}) as one:
            config = json.loads((bundle / "config.json").read_text())
            config["process"]["args"] = ["/bin/sh", "-c", script]
            _asking(config, one.socket)
            write_config(bundle, config)
            created = runtime.create("c", bundle).code == 0
            return created and runtime("start", "c").code == 0 and holds(runtime, one)

    return steps


def _state_sent(runtime: Runtime, agent: seccomp_agent.Agent) -> bool:
    shown, sent = runtime.state("c"), (agent.heard("state", 1) or [{}])[0]
    if not sent:
        return False
    named = (sent["fds"], sent["metadata"]) == (["seccompFd"], "for the agent")
    same = all(sent["state"][key] == shown[key] for key in ("id", "bundle"))
    return named and same and sent["pid"] == shown["pid"]


def _exec_asks(runtime: Runtime, agent: seccomp_agent.Agent) -> bool:
    # runc 1.1.5 waits for itself here, without an end.
    bounded = replace(runtime, command=("timeout", "-s", "KILL", "20", *runtime.command))
    ended = bounded("exec", "c", "/bin/sh", "-c", _MADE)
    sent = agent.heard("state", 2)
    return ended.out == "ok\n" and len(sent) == 2 and sent[1]["state"]["status"] == "running"


def _pids_limit(runtime: Runtime, bundle: Path) -> bool:
    runtime.create("c", bundle)
    tops = [Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")]
    files = [top / f"{CGROUP}/pids.max" for top in tops]
    return any(file.exists() and file.read_text() == "33\n" for file in files)


def reads(field: dict[str, Any], files: dict[str, str]) -> dict[str, Any]:
    """A case's change and steps: a field of resources, and what v1's or v2's file then says."""

    def steps(runtime: Runtime, bundle: Path) -> bool:
        if runtime.create("c", bundle).code != 0:
            return False
        for name, content in files.items():
            controller = name.partition(".")[0]
            tops = (f"/sys/fs/cgroup/{controller}/{CGROUP}", f"/sys/fs/cgroup/{CGROUP}")
            found = [Path(top, name) for top in tops if Path(top, name).exists()]
            if any(file.read_text().strip() == content for file in found):
                return True
        return False

    return {"change": linux(resources=field, cgroupsPath=f"/{CGROUP}"), "steps": steps}


def _cgroup_goes(runtime: Runtime, bundle: Path) -> bool:
    places = [Path("/sys/fs/cgroup/pids", CGROUP), Path("/sys/fs/cgroup", CGROUP)]
    runtime.create("c", bundle)
    made = any(place.exists() for place in places)
    runtime("delete", "--force", "c")
    return made and not any(place.exists() for place in places)


def _devices(runtime: Runtime, bundle: Path) -> bool:
    """What cgroup v1 lists: on v2 it is a program that nobody can read."""
    runtime.create("c", bundle)
    file = Path("/sys/fs/cgroup/devices", CGROUP, "devices.list")
    lines = file.read_text().splitlines() if file.exists() else ["a *:* rwm"]
    return "a *:* rwm" not in lines and "c 1:3 rwm" in lines


MIB = 1 << 20
_ARGUMENT = {"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28,
             "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}  # fmt: skip

CASES = (
    Case(L, "a pid namespace: the program is process 1", script="[ $$ = 1 ] && echo ok"),
    Case(L, "a network namespace has its own interfaces",
         script="[ $(grep -c : /proc/net/dev) = 1 ] && echo ok"),
    Case(L, "a namespace that stands there twice is an error",
         lambda config: config["linux"]["namespaces"].append({"type": "pid"}),
         fails="stands there twice"),
    Case(L, "an unknown namespace is an error",
         lambda config: config["linux"]["namespaces"].append({"type": "moon"}), fails="moon"),
    Case(L, "a namespace path that leads nowhere is an error",
         _lost_network, fails="/nosuch"),
    Case(L, "a time namespace shifts the clock", _time,
         '[ "$(cut -d. -f1 /proc/uptime)" -gt 1000000 ] && echo ok'),
    Case(L, "uidMappings are the kernel's",
         script='[ "$(tr -s " " < /proc/self/uid_map | cut -d" " -f2)" = 0 ] && echo ok'),
    Case(L, "gidMappings are the kernel's",
         script='[ "$(tr -s " " < /proc/self/gid_map | cut -d" " -f2)" = 0 ] && echo ok'),
    Case(L, "time offsets without a time namespace are an error",
         linux(timeOffsets={"boottime": {"secs": 1}}), fails="linux.timeOffsets"),
    Case(L, "default devices are there",
         script="cd /dev; for d in null zero full random urandom tty; do [ -c $d ] || exit; done; "
         "echo ok"),
    Case(L, "/dev/fd, stdin, stdout, stderr and ptmx are links",
         script="for l in fd stdin stdout stderr ptmx; do [ -L /dev/$l ] || exit; done; echo ok"),
    Case(L, "sysctl of the container's own network",
         linux(sysctl={"net.ipv4.ip_forward": "1"}),
         '[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] && echo ok'),
    Case(L, "sysctl of the machine is an error", linux(sysctl={"vm.swappiness": "1"}),
         fails="linux.sysctl"),
    Case(L, "maskedPaths cannot be read", linux(maskedPaths=["/proc/version"]),
         "read -r line < /proc/version || echo ok"),
    Case(L, "readonlyPaths cannot be written", linux(readonlyPaths=["/tmp"]),
         "touch /tmp/x 2>/dev/null || echo ok"),
    Case(L, "maskedPaths that do not exist are no error", linux(maskedPaths=["/proc/nosuch"]),
         "echo ok"),
    Case(L, "rootfsPropagation private: no mount of it is shared",
         linux(rootfsPropagation="rprivate"),
         "grep ' / / \\| / ' /proc/self/mountinfo | grep -q shared: || echo ok"),
    Case(L, "an unknown rootfsPropagation is an error",
         linux(rootfsPropagation="odd"), fails="linux.rootfsPropagation"),
    Case(L, "personality LINUX32", linux(personality={"domain": "LINUX32"}),
         '[ "$(cat /proc/self/personality)" = 00000008 ] && echo ok'),
    Case(L, "seccomp: a refused call fails with its errno",
         linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW",
                         "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO",
                                       "errnoRet": 28}]}),
         "mkdir /tmp/x 2>&1 | grep -q 'No space' && echo ok"),
    Case(L, "seccomp: arguments are compared",
         linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [_ARGUMENT]}),
         "trap '' USR2; kill -USR2 $$ && kill -USR1 $$ 2>&1 | grep -q 'No space' && echo ok"),
    Case(L, "seccomp: SCMP_ACT_KILL_PROCESS ends the process by SIGSYS",
         linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW",
                        "syscalls": [{"names": ["mkdir", "mkdirat"],
                                      "action": "SCMP_ACT_KILL_PROCESS"}]}),
         "exec 2>/dev/null; (mkdir /tmp/x); [ $? = 159 ] && echo ok"),
    Case(L, "seccomp: an unknown action is an error",
         linux(seccomp={"defaultAction": "SCMP_ACT_NOSUCH"}), fails="linux.seccomp.defaultAction"),
    Case(L, "seccomp: the agent at listenerPath is sent the container process state",
         steps=_agent("sleep 100", _state_sent)),
    Case(L, "seccomp: the agent's answer is the program's",
         steps=_agent(_MADE, lambda runtime, _: eventually(
             lambda: runtime.printed("c") == "ok\n"))),
    Case(L, "seccomp: exec sends the agent a listener of its own",
         steps=_agent("sleep 100", _exec_asks)),
    Case(L, "seccomp: SCMP_ACT_NOTIFY without a listenerPath is an error",
         linux(seccomp=seccomp_agent.notifying("", "mkdir", listenerMetadata="")),
         fails="linux.seccomp.listenerPath"),
    Case(L, "seccomp: listenerMetadata without a listenerPath is an error",
         linux(seccomp={"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "a"}),
         fails="linux.seccomp.listenerMetadata"),
    Case(L, "resources.pids.limit reaches the kernel at cgroupsPath",
         linux(resources={"pids": {"limit": 33}}, cgroupsPath=f"/{CGROUP}"),
         steps=_pids_limit),
    Case(L, "resources.memory.limit reaches the kernel",
         **reads({"memory": {"limit": 32 * MIB}}, {"memory.limit_in_bytes": str(32 * MIB),
                                                   "memory.max": str(32 * MIB)})),
    Case(L, "resources.memory.reservation reaches the kernel",
         **reads({"memory": {"reservation": 16 * MIB}},
                 {"memory.soft_limit_in_bytes": str(16 * MIB), "memory.low": str(16 * MIB)})),
    Case(L, "resources.cpu.shares reaches the kernel",
         **reads({"cpu": {"shares": 512}}, {"cpu.shares": "512", "cpu.weight": "20"})),
    Case(L, "resources.cpu.quota reaches the kernel",
         **reads({"cpu": {"quota": 50_000, "period": 100_000}},
                 {"cpu.cfs_quota_us": "50000", "cpu.max": "50000 100000"})),
    Case(L, "resources.cpu.cpus reaches the kernel",
         **reads({"cpu": {"cpus": "0", "mems": "0"}}, {"cpuset.cpus": "0"})),
    Case(L, "resources.devices: nothing is left of access to every device",
         linux(resources={"devices": [{"allow": False, "access": "rwm"}]},
               cgroupsPath=f"/{CGROUP}"), steps=_devices),
    Case(L, "delete removes the cgroup",
         linux(resources={"pids": {"limit": 33}}, cgroupsPath=f"/{CGROUP}"), steps=_cgroup_goes),
    Case(L, "resources: a limit that cannot be set is an error",
         linux(resources={"cpu": {"cpus": "9999"}}), fails="cpu.cpus"),
    Case(L, "an unknown personality is an error",
         linux(personality={"domain": "NOSUCH"}), fails="linux.personality"),
)  # fmt: skip
