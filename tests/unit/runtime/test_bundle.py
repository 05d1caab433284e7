"""The plan as an OCI runtime config."""

from __future__ import annotations

from typing import Any

from plans import MACHINE, SETTINGS, plan

from secure.facts.launch import BindAsk
from secure.runtime.bundle import to_config
from secure.value import replace


def config(**changes: Any) -> Any:
    return to_config(plan(replace(SETTINGS, **changes)))


def test_the_config_says_what_the_plan_enforces() -> None:
    found = config()
    assert found["root"]["readonly"] is True
    assert found["process"]["noNewPrivileges"] is True
    assert set(map(tuple, found["process"]["capabilities"].values())) == {()}
    assert {one["type"] for one in found["linux"]["namespaces"]} == {
        "user", "mount", "pid", "network", "uts", "ipc", "cgroup",
    }  # fmt: skip
    assert found["linux"]["uidMappings"] == [{"containerID": 10001, "hostID": 1001, "size": 1}]


def test_limits_are_in_the_units_of_the_specification() -> None:
    resources = config(millicpus=1500)["linux"]["resources"]
    assert resources["cpu"] == {"quota": 150_000, "period": 100_000}
    assert resources["memory"]["limit"] == 256 << 20
    assert resources["pids"] == {"limit": 64}


def test_a_volume_is_a_bind_mount_with_its_options() -> None:
    bind = BindAsk("/srv/x", "/data", read_only=True, touches="", kind="directory")
    mounts = {one["destination"]: one for one in config(binds=(bind,))["mounts"]}
    assert mounts["/data"] == {
        "destination": "/data",
        "type": "bind",
        "source": "/srv/x",
        "options": ["rbind", "ro", "nosuid", "nodev", "noexec"],
    }


def test_every_setting_names_its_origin() -> None:
    assert config()["annotations"]["secure.origin.memory_bytes"] == "flag --memory"


def test_only_what_this_kernel_has_is_masked() -> None:
    assert config()["linux"]["maskedPaths"] == ["/proc/kcore"]
    assert MACHINE.present == ("/proc/kcore", "/proc/sys")
