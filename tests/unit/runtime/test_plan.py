"""Planning: settings in, a complete container out."""

from __future__ import annotations

from plans import MACHINE, MAPS, PAYLOAD, SETTINGS, plan

from secure.facts.launch import BindAsk
from secure.runtime.mounts import Mount
from secure.runtime.plan import MASKED, Machine, make_plan
from secure.value import replace


def targets(mounts: tuple[Mount, ...]) -> list[str]:
    return [mount.target for mount in mounts]


def test_the_root_is_read_only_unless_settings_say_otherwise() -> None:
    assert plan().writable_bytes == 0
    assert plan(replace(SETTINGS, read_only_rootfs=False)).writable_bytes > 0


def test_every_namespace_is_new_without_a_network() -> None:
    assert set(plan().namespaces) == {"user", "mnt", "pid", "net", "uts", "ipc", "cgroup"}


def test_the_host_network_shares_exactly_the_network_namespace_and_shows_no_sysfs() -> None:
    shared = plan(replace(SETTINGS, network="host"), Machine((), (), MASKED))
    assert set(plan().namespaces) - set(shared.namespaces) == {"net"}
    assert "/sys" not in targets(shared.mounts)
    assert not [path for path in shared.masked if path.startswith("/sys")]


def test_parents_are_mounted_before_children() -> None:
    deep = BindAsk("/a", "/data/sub/deeper", True, "", "directory")
    top = BindAsk("/b", "/data", True, "", "directory")
    order = targets(plan(replace(SETTINGS, binds=(deep, top))).mounts)
    assert order.index("/data") < order.index("/data/sub/deeper")
    assert order.index("/dev") < order.index("/dev/pts")


def test_mount_points_are_laid_over_the_image_parents_first() -> None:
    bind = BindAsk("/a", "/data/sub", True, "", "directory")
    found = plan(replace(SETTINGS, binds=(bind,))).directories
    assert found.index("/data") < found.index("/data/sub")
    assert {"/proc", "/sys", "/dev", "/tmp", "/etc"} <= set(found)
    assert not [path for path in found if path.startswith("/dev/")]


def test_a_file_gets_a_file_as_mount_point_not_a_directory() -> None:
    bind = BindAsk("/a.conf", "/etc/app/a.conf", True, "", "file")
    found = plan(replace(SETTINGS, binds=(bind,)))
    assert "/etc/app" in found.directories
    assert "/etc/app/a.conf" not in found.directories
    assert "/etc/app/a.conf" in dict(found.files)


def test_every_writable_place_is_nosuid_nodev_noexec() -> None:
    for mount in plan().mounts:
        if mount.kind == "tmpfs":
            assert "nosuid, nodev, noexec" in mount.describe()


def test_limits_without_a_cgroup_become_rlimits_and_affinity() -> None:
    found = plan()
    assert {name: soft for name, soft, _ in found.rlimits} == {
        "core": 0,
        "nofile": 1024,
        "nproc": 64,
        "data": 256 << 20,
    }
    assert found.affinity == 1


def test_limits_with_a_cgroup_need_no_substitute() -> None:
    found = plan(machine=Machine(("memory", "cpu", "pids"), (), ()))
    assert [name for name, _, _ in found.rlimits] == ["core", "nofile"]
    assert found.affinity == 0


def test_a_limit_above_the_callers_own_is_lowered_to_it() -> None:
    found = plan(machine=Machine((), (("nofile", 512),), ()))
    assert ("nofile", 512, 512) in found.rlimits


def test_a_repeated_layer_is_mounted_once_at_its_highest_place() -> None:
    layers = ("/l/a", "/l/empty", "/l/b", "/l/empty")
    found = make_plan("0" * 16, PAYLOAD, SETTINGS, MAPS, layers, MACHINE)
    assert found.layers == ("/l/a", "/l/b", "/l/empty")


def test_every_setting_keeps_its_origin() -> None:
    assert ("memory_bytes", "flag --memory") in plan().origins
