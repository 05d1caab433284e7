"""Every field of runtime-spec 1.2 is applied or refused by its name; none is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure.errors import DocumentError
from secure.oci.runtime_config import read_config
from secure.oci.runtime_fields import APPLIED, REFUSED, Check

# What the specification's schema (schema/config-*.json, defs*.json) and its text name for Linux.
SPECIFIED = """
ociVersion hostname domainname annotations root root.path root.readonly
mounts mounts[].destination mounts[].type mounts[].source mounts[].options
mounts[].uidMappings mounts[].gidMappings
process process.terminal process.consoleSize process.consoleSize.height process.consoleSize.width
process.cwd process.env process.args process.commandLine process.rlimits process.rlimits[].type
process.rlimits[].soft process.rlimits[].hard process.apparmorProfile process.capabilities
process.capabilities.bounding process.capabilities.effective process.capabilities.permitted
process.capabilities.inheritable process.capabilities.ambient process.noNewPrivileges
process.oomScoreAdj process.scheduler process.scheduler.policy process.scheduler.nice
process.scheduler.priority process.scheduler.flags process.scheduler.runtime
process.scheduler.deadline process.scheduler.period process.selinuxLabel process.ioPriority
process.ioPriority.class process.ioPriority.priority process.execCPUAffinity process.user
process.user.uid process.user.gid process.user.umask process.user.additionalGids
process.user.username hooks hooks.prestart hooks.createRuntime hooks.createContainer
hooks.startContainer hooks.poststart hooks.poststop linux linux.namespaces linux.namespaces[].type
linux.namespaces[].path linux.uidMappings linux.uidMappings[].containerID
linux.uidMappings[].hostID linux.uidMappings[].size linux.gidMappings linux.timeOffsets
linux.devices linux.devices[].type linux.devices[].path linux.devices[].major linux.devices[].minor
linux.devices[].fileMode linux.devices[].uid linux.devices[].gid linux.cgroupsPath linux.resources
linux.resources.devices linux.resources.devices[].allow linux.resources.devices[].type
linux.resources.devices[].major linux.resources.devices[].minor linux.resources.devices[].access
linux.resources.memory linux.resources.memory.limit linux.resources.memory.reservation
linux.resources.memory.swap linux.resources.memory.kernel linux.resources.memory.kernelTCP
linux.resources.memory.swappiness linux.resources.memory.disableOOMKiller
linux.resources.memory.useHierarchy linux.resources.memory.checkBeforeUpdate linux.resources.cpu
linux.resources.cpu.shares linux.resources.cpu.quota linux.resources.cpu.burst
linux.resources.cpu.period linux.resources.cpu.realtimeRuntime linux.resources.cpu.realtimePeriod
linux.resources.cpu.cpus linux.resources.cpu.mems linux.resources.cpu.idle
linux.resources.blockIO linux.resources.blockIO.weight linux.resources.blockIO.leafWeight
linux.resources.blockIO.weightDevice linux.resources.blockIO.throttleReadBpsDevice
linux.resources.blockIO.throttleWriteBpsDevice linux.resources.blockIO.throttleReadIOPSDevice
linux.resources.blockIO.throttleWriteIOPSDevice linux.resources.hugepageLimits
linux.resources.network linux.resources.pids linux.resources.pids.limit linux.resources.rdma
linux.resources.unified linux.intelRdt linux.sysctl linux.seccomp linux.seccomp.defaultAction
linux.seccomp.defaultErrnoRet linux.seccomp.architectures linux.seccomp.flags
linux.seccomp.listenerPath linux.seccomp.listenerMetadata linux.seccomp.syscalls
linux.seccomp.syscalls[].names linux.seccomp.syscalls[].action linux.seccomp.syscalls[].errnoRet
linux.seccomp.syscalls[].args linux.rootfsPropagation linux.maskedPaths linux.readonlyPaths
linux.mountLabel linux.personality linux.personality.domain linux.personality.flags
solaris windows vm zos
""".split()  # noqa: SIM905 - 130 names in a list take a page


@pytest.mark.parametrize("field", SPECIFIED)
def test_every_specified_field_is_applied_or_refused(field: str) -> None:
    assert (field in APPLIED) != (field in REFUSED)


def config(**changes: Any) -> dict[str, Any]:
    return {
        "ociVersion": "1.2.0",
        "root": {"path": "rootfs"},
        "process": {"args": ["sh"], "cwd": "/"},
        "linux": {"namespaces": [{"type": "mount"}]},
    } | changes


def with_field(path: str, content: Any) -> dict[str, Any]:
    """A config in which one field is set."""
    made = config()
    *parents, last = path.split(".")
    at: Any = made
    for name in parents:
        plain = name.removesuffix("[]")
        at = at.setdefault(plain, [{}] if name != plain else {})
        at = at[0] if isinstance(at, list) else at
    at[last] = content
    return made


@pytest.mark.parametrize("field", sorted(REFUSED))
def test_a_refused_field_is_named_with_its_reason(field: str) -> None:
    text = json.dumps(with_field(field, {"a": 1})).encode()
    with pytest.raises(DocumentError) as refused:
        read_config(text)
    assert field.replace("[]", "[0]") in str(refused.value)
    assert REFUSED[field] in str(refused.value)


@pytest.mark.parametrize("field", sorted(REFUSED))
@pytest.mark.parametrize("nothing", [None, "", [], {}, 0, False])
def test_a_refused_field_that_asks_for_nothing_is_let_through(field: str, nothing: object) -> None:
    check = Check()
    check.fields(with_field(field, nothing))
    assert check.mistakes == []


def test_an_unknown_field_is_ignored_and_named() -> None:
    found = read_config(json.dumps(config(fancy={"a": 1})).encode())
    assert found.unknown == ("fancy",)


def test_every_mistake_is_reported_at_once() -> None:
    wrong = config(hostname=3, process={"args": [], "cwd": "relative", "env": ["A=b"]})
    with pytest.raises(DocumentError) as refused:
        read_config(json.dumps(wrong).encode())
    assert "hostname" in str(refused.value)
    assert "process.cwd" in str(refused.value)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ociVersion": "2.0.0"}, "ociVersion"),
        ({"root": {}}, "root.path"),
        ({"process": {"args": [""], "cwd": "/"}}, "process.args"),
        ({"process": {"args": ["sh"], "cwd": "/", "env": ["NOEQUALS"]}}, "process.env[0]"),
        ({"mounts": [{"destination": "/a/../b"}]}, "mounts[0].destination"),
        ({"linux": {"namespaces": [{"type": "moon"}]}}, "linux.namespaces"),
        ({"linux": {"namespaces": [{"type": "pid"}, {"type": "pid"}]}}, "linux.namespaces"),
        ({"linux": {"rootfsPropagation": "odd"}}, "linux.rootfsPropagation"),
        ({"hooks": {"poststop": [{"path": "/x", "timeout": 0}]}}, "hooks.poststop[0].timeout"),
    ],
)
def test_a_value_that_means_nothing_is_refused_by_its_field(
    change: dict[str, Any], named: str
) -> None:
    with pytest.raises(DocumentError, match=r".") as refused:
        read_config(json.dumps(config(**change)).encode())
    assert named in str(refused.value)


def test_a_limit_that_stands_there_twice_is_an_error() -> None:
    row = {"type": "RLIMIT_NOFILE", "soft": 1, "hard": 1}
    process = {"args": ["sh"], "cwd": "/", "rlimits": [row, row]}
    with pytest.raises(DocumentError, match="twice"):
        read_config(json.dumps(config(process=process)).encode())
