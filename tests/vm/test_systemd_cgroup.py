"""`secure oci --systemd-cgroup`: scopes of the machine's systemd as root, else of the user's."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import Account
from stepping import points, step
from v2_containers import BUS, bundle, eventually, runtime, started

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("guest")]

MIB = 1 << 20
CGROUPS = Path("/sys/fs/cgroup")


@pytest.fixture
def unit() -> Iterator[str]:
    """A cgroupsPath; afterwards systemd knows no unit of that name."""
    name = os.urandom(3).hex()
    yield f"probe.slice:test:{name}"
    assert eventually(lambda: shown(scope_of(name), "LoadState") == "not-found")
    assert not list(CGROUPS.glob(f"**/{scope_of(name)}"))


def scope_of(name: str) -> str:
    return f"test-{name.rpartition(':')[2]}.scope"


def systemctl(*words: str) -> str:
    manager = [] if os.geteuid() == 0 else ["--user"]
    return subprocess.run(
        ["systemctl", *manager, *words],
        check=True, capture_output=True, text=True, env=os.environ | BUS,
    ).stdout  # fmt: skip


def shown(scope: str, name: str) -> str:
    return systemctl("show", "--value", f"--property={name}", scope).strip()


def test_every_limit_lies_in_a_scope_and_outlives_a_reload(engine: Account, unit: str) -> None:
    resources = {
        "memory": {"limit": 64 * MIB, "swap": 64 * MIB},
        "cpu": {"quota": 20_000, "cpus": "0"},
        "pids": {"limit": 20},
    }
    files = ("memory.max", "memory.swap.max", "cpu.max", "cpuset.cpus", "pids.max")
    with started(engine, "sleep 100", resources, unit) as container:
        above = container.cgroup.parent
        assert (above.name, above.parent.name) == (scope_of(unit), "probe.slice")
        limits = [container.limit(file) for file in files]
        systemctl("daemon-reload")
        systemctl("set-property", "--runtime", scope_of(unit), "CPUWeight=50")
        assert limits == [container.limit(file) for file in files]
        assert limits == [str(64 * MIB), "0", "20000 100000", "0", "20"]
        found = [shown(scope_of(unit), name) for name in ("Delegate", "ActiveState", "TasksMax")]
        entered = container.secure("exec", container.name, "/bin/cat", "/proc/self/cgroup")
    assert found == ["yes", "active", "infinity"]
    assert entered.out.splitlines()[-1] == "0::/", entered.err


def test_a_weight_is_the_scopes_against_its_neighbours(engine: Account, unit: str) -> None:
    resources = {"cpu": {"shares": 1024}, "memory": {"reservation": 8 * MIB}}
    with started(engine, "sleep 100", resources, unit) as container:
        scope = container.cgroup.parent
        first = (scope / "cpu.weight").read_text(), (scope / "memory.low").read_text()
        changed = container.secure("update", "--cpu-share", "2048", container.name)
        assert changed.code == 0, changed.err
        assert first == ("39\n", f"{8 * MIB}\n")
        assert (scope / "cpu.weight").read_text() == "79\n"
        assert container.limit("cpu.weight") == "79"


def test_a_name_is_free_again_at_once(engine: Account, unit: str) -> None:
    for _ in range(2):
        with started(engine, "sleep 100", {"pids": {"limit": 9}}, unit) as container:
            assert container.limit("pids.max") == "9"


def test_a_second_container_of_that_name_is_refused(engine: Account, unit: str) -> None:
    with started(engine, "sleep 100", {}, unit) as container:
        ended = container.secure.create("other", bundle(engine, "true", {}, unit))
        assert ended.code == 1
        assert "UnitExists" in ended.err
        assert container.secure.state(container.name)["status"] == "running"


def test_run_leaves_no_scope(engine: Account, unit: str) -> None:
    folder = bundle(engine, "cat /proc/self/cgroup; exit 7", {"pids": {"limit": 9}}, unit)
    ended = runtime(engine, "--systemd-cgroup")("run", "--bundle", str(folder), "c")
    assert (ended.code, ended.out.splitlines()[-1]) == (7, "0::/"), ended.err


def test_a_killed_create_leaves_no_scope(engine: Account, unit: str) -> None:
    folder = bundle(engine, "true", {}, unit)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    # Its parent is `create`, which has the scope, the cgroup and init by then.
    kill = {"path": "/bin/sh", "args": ["sh", "-c", "kill -9 $PPID"]}
    path.write_text(json.dumps(config | {"hooks": {"createRuntime": [kill]}}))
    secure = runtime(engine, "--systemd-cgroup")
    assert secure.create("c", folder).code == -9
    assert eventually(lambda: not list(CGROUPS.glob(f"**/{scope_of(unit)}")))
    assert secure.state("c")["status"] == "stopped"
    assert secure("delete", "c").code == 0


def test_a_killed_container_takes_its_scope_along(engine: Account, unit: str) -> None:
    with started(engine, "sleep 100", {}, unit) as container:
        scope = container.cgroup.parent
        assert container.secure("kill", container.name, "KILL").code == 0
        assert eventually(lambda: not scope.exists())


def test_a_limit_that_is_not_delegated_is_refused_by_name(engine: Account, unit: str) -> None:
    folder = bundle(engine, "true", {"unified": {"nosuch.max": "1"}}, unit)
    ended = runtime(engine, "--systemd-cgroup")("run", "--bundle", str(folder), "c")
    assert ended.code == 1
    assert "linux.resources.unified.nosuch.max cannot be applied" in ended.err
    assert "secure setup delegate" in ended.err


def test_a_path_that_names_no_unit_is_refused(engine: Account) -> None:
    folder = bundle(engine, "true", {}, "/a/path")
    ended = runtime(engine, "--systemd-cgroup")("run", "--bundle", str(folder), "c")
    assert ended.code == 1
    assert "SLICE:PREFIX:NAME" in ended.err


def test_a_kill_before_any_system_call_of_create_leaves_no_scope(
    engine: Account, unit: str
) -> None:
    secure, folder = runtime(engine, "--systemd-cgroup"), bundle(engine, "sleep 100", {}, unit)
    (engine.folder / "runtime").mkdir(mode=0o700, exist_ok=True)
    (engine.folder / "runtime/bus").symlink_to(BUS["DBUS_SESSION_BUS_ADDRESS"].partition("=")[2])
    root = f"--root={engine.folder}/state-secure"
    command = [*secure.command, root, "create", f"--bundle={folder}", "c"]
    wrong, reached = [], 0
    assert secure.create("c", folder).code == 0  # warm: caches are made
    assert secure("delete", "--force", "c").code == 0
    whole = step(engine, command)
    assert whole.ended.code == 0, whole.ended.err
    assert secure("delete", "--force", "c").code == 0
    for process, call in points(whole.counts, 10):
        stepped = step(engine, command, process=process, call=call)
        deleted = secure("delete", "--force", "c")
        gone = eventually(lambda: not list(CGROUPS.glob(f"**/{scope_of(unit)}")))
        reached += stepped.hit >= 0
        if deleted.code or not gone:
            wrong.append((process, call, stepped, deleted, gone))
    assert not wrong
    assert reached > 5
