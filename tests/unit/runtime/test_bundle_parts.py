"""Mount options, resources and seccomp of config.json: applied or refused by name."""

from __future__ import annotations

import json
import os
import struct
from typing import Any

import pytest

from secure.errors import DocumentError
from secure.kernel.bpf import RET_ALLOW, RET_ERRNO, RET_USER_NOTIF, answer
from secure.kernel.mounts import MS_NOEXEC, MS_NOSUID, MS_RDONLY
from secure.kernel.seccomp_profile import compile_profile
from secure.oci.runtime_config import MountEntry
from secure.oci.seccomp_config import Listener, listener_of, to_profile
from secure.runtime.oci.features import document
from secure.runtime.oci.mount_options import read_mount
from secure.runtime.oci.resources import V1, V2, settings


def entry(kind: str, *options: str) -> MountEntry:
    return MountEntry("/data", kind, "source", options)


def test_the_last_of_two_options_that_contradict_each_other_counts() -> None:
    assert read_mount(entry("tmpfs", "ro", "nosuid", "rw"), 0).flags == MS_NOSUID
    assert read_mount(entry("bind", "rbind", "rw", "ro", "noexec"), 0).flags == (
        MS_RDONLY | MS_NOEXEC
    )


@pytest.mark.parametrize("word", ["remount", "idmap", "ridmap", "rrw", "rexec"])
def test_an_option_that_is_not_done_is_refused_by_name(word: str) -> None:
    with pytest.raises(DocumentError, match=rf'mounts\[3\]\.options: "{word}" is refused'):
        read_mount(entry("bind", "rbind", word), 3)


@pytest.mark.parametrize("kind", ["ext4", "fuse", "debugfs", "nfs", ""])
def test_a_file_system_that_no_container_may_bring_is_refused(kind: str) -> None:
    with pytest.raises(DocumentError, match=r"mounts\[0\]\.type"):
        read_mount(entry(kind), 0)


def test_a_comma_in_an_option_is_not_two_options() -> None:
    with pytest.raises(DocumentError, match="comma"):
        read_mount(entry("tmpfs", "size=1k,uid=0"), 0)


@pytest.mark.parametrize(
    ("resources", "version", "written"),
    [
        ({"memory": {"limit": 8192}}, V1, [("memory.limit_in_bytes", "8192")]),
        ({"memory": {"limit": 8192}}, V2, [("memory.max", "8192")]),
        ({"memory": {"limit": -1}}, V2, [("memory.max", "max")]),
        (
            {"memory": {"limit": 8192, "swap": 12288}},
            V2,
            [("memory.max", "8192"), ("memory.swap.max", "4096")],
        ),
        ({"pids": {"limit": -1}}, V1, [("pids.max", "max")]),
        ({"cpu": {"quota": 50_000, "period": 100_000}}, V2, [("cpu.max", "50000 100000")]),
        (
            {"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 5}]}},
            V1,
            [("blkio.throttle.read_bps_device", "8:0 5")],
        ),
        (
            {"blockIO": {"throttleWriteIOPSDevice": [{"major": 8, "minor": 16, "rate": 7}]}},
            V2,
            [("io.max", "8:16 wiops=7")],
        ),
        (
            {"blockIO": {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 0}]}},
            V2,
            [("io.max", "8:0 rbps=max")],
        ),
        ({"blockIO": {"weight": 505}}, V1, [("blkio.bfq.weight", "505")]),
        ({"blockIO": {"weight": 505}}, V2, [("io.bfq.weight", "505")]),
        ({"cpu": {"shares": 2}}, V2, [("cpu.weight", "1")]),
        ({"cpu": {"shares": 262_144}}, V2, [("cpu.weight", "10000")]),
    ],
)
def test_resources_become_files(
    resources: dict[str, Any], version: str, written: list[tuple[str, str]]
) -> None:
    assert [(one.file, one.content) for one in settings(resources, version)] == written


@pytest.mark.parametrize(
    ("resources", "version"),
    [
        ({"memory": {"swappiness": 5}}, V2),
        ({"memory": {"limit": 8192, "swap": 4096}}, V1),
        ({"unified": {"memory.high": "1"}}, V1),
        ({"unified": {"cgroup.procs": "1"}}, V2),
        ({"unified": {"../memory.max": "1"}}, V2),
    ],
)
def test_a_limit_that_cannot_be_is_refused(resources: dict[str, Any], version: str) -> None:
    with pytest.raises(DocumentError, match=r"linux\.resources\."):
        settings(resources, version)


def test_of_two_answers_to_one_call_the_stricter_counts() -> None:
    rules = [
        {"names": ["setns"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1},
    ]
    made = json.loads(to_profile({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules}))
    assert [(r["names"], r["action"]) for r in made["syscalls"]] == [(["setns"], "SCMP_ACT_ERRNO")]


@pytest.mark.parametrize("action", ["SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE", "SCMP_ACT_NOSUCH"])
def test_a_default_action_that_init_cannot_live_by_is_refused(action: str) -> None:
    with pytest.raises(DocumentError, match=action):
        to_profile({"defaultAction": action})


def asking(*names: str, **more: Any) -> dict[str, Any]:
    rule = {"names": [*names], "action": "SCMP_ACT_NOTIFY"}
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule], **more}


def test_a_call_by_which_init_protects_itself_is_not_handed_over() -> None:
    assert to_profile(asking("mkdir"))
    with pytest.raises(DocumentError, match=r'syscalls\[0\]\.names: SCMP_ACT_NOTIFY of "prctl"'):
        to_profile(asking("mkdir", "prctl"))


KILLABLE = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"


@pytest.mark.parametrize(
    ("seccomp", "field"),
    [
        (asking("mkdir"), "listenerPath"),
        (asking("mkdir", listenerMetadata="a"), "listenerMetadata"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "a"}, "listenerMetadata"),
        ({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/a", "flags": [KILLABLE]}, "flags"),
    ],
)
def test_listener_fields_that_contradict_each_other_are_refused_by_name(
    seccomp: dict[str, Any], field: str
) -> None:
    with pytest.raises(DocumentError, match=rf"^linux\.seccomp\.{field}:"):
        listener_of(seccomp)


@pytest.mark.parametrize("flags", [None, [], [KILLABLE]])
def test_an_agent_is_asked_where_a_rule_has_its_action(flags: list[str] | None) -> None:
    found = listener_of(asking("mkdir", listenerPath="/a", listenerMetadata="b", flags=flags))
    assert found == Listener("/a", "b", killable=bool(flags))


def test_a_path_without_an_action_for_it_asks_nobody() -> None:
    assert listener_of({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/a"}) is None


def test_of_two_rules_the_agent_is_only_asked_where_none_refuses() -> None:
    # Written first, and asked first if the order of the file counted.
    low = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}
    other = {"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}
    rules: list[dict[str, Any]] = [
        {"names": ["ioctl"], "action": "SCMP_ACT_LOG", "args": [low]},
        {"names": ["ioctl"], "action": "SCMP_ACT_NOTIFY", "args": [low, other]},
        {"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5, "args": [other]},
    ]
    profile = to_profile({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})
    program = compile_profile(profile, "x86_64")

    def said(first: int, second: int) -> int:
        return answer(program, struct.pack("=iIQ6Q", 16, 0xC000003E, 0, first, second, 0, 0, 0, 0))

    assert said(1, 0) == RET_ERRNO | 5
    assert said(1, 1) == 0x7FFC0000  # SECCOMP_RET_LOG
    rules[2]["args"] = [{**other, "value": 7}]
    program = compile_profile(
        to_profile({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}), "x86_64"
    )
    assert said(1, 0) == RET_USER_NOTIF
    assert said(2, 0) == RET_ALLOW


def test_features_names_what_this_runtime_takes() -> None:
    seccomp = document()["linux"]["seccomp"]
    assert "SCMP_ACT_NOTIFY" in seccomp["actions"]
    assert KILLABLE in seccomp["knownFlags"]
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    assert (KILLABLE in seccomp["supportedFlags"]) == (release >= (5, 19))
