"""`secure oci` on cgroup v2: as root, and as an ordinary user below a delegated scope."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from installation import Account
from v2_containers import bundle, eventually, runtime, started

pytestmark = pytest.mark.kernel

MIB = 1 << 20
BUSY = "while true; do :; done"


def test_every_resource_of_a_bundle_is_the_kernels(engine: Account) -> None:
    resources = {
        "memory": {"limit": 64 * MIB, "swap": 80 * MIB, "reservation": 32 * MIB},
        "cpu": {"quota": 20_000, "period": 50_000, "shares": 1024, "cpus": "0"},
        "pids": {"limit": 20},
        "blockIO": {"weight": 505},
        "unified": {"memory.high": str(48 * MIB)},
    }
    with started(engine, "sleep 100", resources) as container:
        files = ("memory.max", "memory.swap.max", "memory.low", "memory.high", "cpu.max",
                 "cpu.weight", "cpuset.cpus", "pids.max")  # fmt: skip
        assert [container.limit(file) for file in files] == [
            str(64 * MIB), str(16 * MIB), str(32 * MIB), str(48 * MIB), "20000 50000",
            "39", "0", "20",
        ]  # fmt: skip
        weights = [container.cgroup / f"io{kind}.weight" for kind in (".bfq", "")]
        text = next(path.read_text() for path in weights if path.exists())
        assert text.split()[-1] in {"505", "5000"}


def test_a_share_of_one_disk_is_limited_through_unified(engine: Account) -> None:
    device = os.stat("/").st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    resources = {"unified": {"io.max": f"{number} wbps=1048576"}}
    with started(engine, "sleep 100", resources) as container:
        assert "wbps=1048576" in container.limit("io.max")


def test_too_much_memory_is_killed_and_counted(engine: Account) -> None:
    script = "sleep 1; tail -c 200m /dev/zero; sleep 100"
    resources = {"memory": {"limit": 32 * MIB, "swap": 32 * MIB}}
    with started(engine, script, resources) as container:
        assert eventually(lambda: container.event()["memory"].get("oom_kills", 0) > 0)


def test_too_many_processes_are_refused(engine: Account) -> None:
    script = "n=0; while [ $n -lt 20 ]; do sleep 100 & n=$((n+1)); done; wait"
    with started(engine, script, {"pids": {"limit": 8}}) as container:
        assert eventually(lambda: "max 0" not in container.limit("pids.events"))
        assert container.event()["pids"]["limit"] == 8


def test_limits_change_while_it_runs(engine: Account) -> None:
    with started(engine, "sleep 100", {"memory": {"limit": 64 * MIB}}) as container:
        changed = container.secure(
            "update", "--memory", str(32 * MIB), "--memory-swap", str(32 * MIB), "--pids-limit",
            "9", "--cpu-quota", "10000", "--cpuset-cpus", "0", container.name,
        )  # fmt: skip
        assert changed.code == 0, changed.err
        files = ("memory.max", "memory.swap.max", "pids.max", "cpu.max", "cpuset.cpus")
        limits = [container.limit(file) for file in files]
        refused = container.secure(
            "update", "--resources", "-", container.name,
            stdin=json.dumps({"memory": {"swappiness": 10}}),
        )  # fmt: skip
    assert limits == [str(32 * MIB), "0", "9", "10000 100000", "0"]
    assert "linux.resources.memory.swappiness" in refused.err


def test_a_paused_container_does_nothing_until_it_goes_on(engine: Account) -> None:
    with started(engine, BUSY, {"cpu": {"quota": 20_000}}) as container:
        assert eventually(lambda: container.event()["cpu"]["usage_ns"] > 0)
        assert container.secure("pause", container.name).code == 0
        assert container.secure.state(container.name)["status"] == "paused"
        assert container.limit("cgroup.freeze") == "1"
        before = container.event()["cpu"]["usage_ns"]
        assert container.event()["cpu"]["usage_ns"] == before
        assert container.secure("resume", container.name).code == 0
        assert container.secure.state(container.name)["status"] == "running"
        assert eventually(lambda: container.event()["cpu"]["usage_ns"] > before)


def test_a_paused_container_can_be_deleted(engine: Account) -> None:
    with started(engine, "sleep 100", {}) as container:
        assert container.secure("pause", container.name).code == 0


def test_who_enters_is_in_the_containers_cgroup(engine: Account) -> None:
    with started(engine, "sleep 100", {"pids": {"limit": 20}}) as container:
        entered = container.secure("exec", container.name, "/bin/cat", "/proc/self/cgroup")
        listed = container.secure("ps", "--format", "json", container.name)
        assert (entered.code, entered.out.splitlines()[-1]) == (0, "0::/"), entered.err
        assert json.loads(listed.out) == [container.secure.state(container.name)["pid"]]


def test_the_containers_cgroup_file_system_shows_itself_only(engine: Account) -> None:
    secure = runtime(engine)
    folder = bundle(engine, "cat /sys/fs/cgroup/pids.max; ls -d /sys/fs/cgroup/*.slice", {
        "pids": {"limit": 20},
    })  # fmt: skip
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["mounts"] += [
        {"destination": target, "type": kind, "source": kind, "options": ["ro", "nosuid"]}
        for target, kind in (("/sys", "sysfs"), ("/sys/fs/cgroup", "cgroup"))
    ]
    path.write_text(json.dumps(config))
    ended = secure("run", "--bundle", str(folder), "c")
    assert ended.out == "20\n", ended.err


def test_a_unit_of_systemd_needs_the_flag(engine: Account) -> None:
    folder = bundle(engine, "true", {}, "system.slice:test:unit")
    ended = runtime(engine)("run", "--bundle", str(folder), "c")
    assert ended.code == 1
    assert "--systemd-cgroup" in ended.err


def test_all_controllers_are_there(engine: Account) -> None:
    """What the tests above stand on."""
    own = Path("/proc/self/cgroup").read_text().strip().removeprefix("0::")
    top = Path("/sys/fs/cgroup") if os.geteuid() == 0 else Path(f"/sys/fs/cgroup{own}")
    while not (top / "cgroup.controllers").exists() or not os.access(top, os.W_OK):
        top = top.parent
    found = (top / "cgroup.controllers").read_text().split()
    assert {"cpu", "cpuset", "io", "memory", "pids"} <= set(found)
