"""The gate sees every difference between plan and kernel."""

from __future__ import annotations

import pytest
from plans import CALLER, MACHINE, SETTINGS, evidence, plan

from secure.facts.evidence import Evidence, MountFact
from secure.facts.launch import BindAsk
from secure.runtime.gate import compare
from secure.value import replace


def numbers(seen: Evidence) -> set[int]:
    return {difference.number for difference in compare(plan(), seen, ())}


def test_a_kernel_that_does_what_was_planned_passes() -> None:
    of = plan()
    assert compare(of, evidence(of), ()) == ()


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (1, {"uids": (0, 0, 0, 0)}),
        (1, {"gids": (CALLER, 0, CALLER, CALLER)}),
        (3, {"uid_map": ((0, 0, 4294967295),)}),
        (3, {"gid_map": ()}),
        (4, {"capabilities": (("effective", 1 << 21),)}),
        (4, {"capabilities": (("inheritable", 1),)}),
        (5, {"no_new_privileges": False}),
        (6, {"seccomp_mode": 0}),
        (6, {"seccomp_filters": 0}),
        (7, {"open_files": ((0, "a"), (1, "b"), (2, "c"), (251, "/etc"))}),
        (7, {"open_files": ((0, "a"), (1, "b"))}),
        (8, {"own_namespaces": ("user", "mnt", "pid", "uts", "ipc", "cgroup")}),
        (9, {"mounts": ()}),
        (12, {"root": "/srv/jail"}),
        (12, {"cwd": "(unreachable)/etc"}),
        (13, {"limits": (("core", -1, -1), ("nofile", 1024, 1024))}),
    ],
)
def test_each_comparison_notices_its_difference(number: int, change: dict[str, object]) -> None:
    assert number in numbers(replace(evidence(plan()), **change))


@pytest.mark.parametrize("target", ["/", "/proc", "/tmp", "/proc/kcore", "/proc/sys", "/sys"])
def test_a_missing_mount_is_noticed(target: str) -> None:
    seen = evidence(plan())
    left = tuple(mount for mount in seen.mounts if mount.target != target)
    assert numbers(replace(seen, mounts=left)) & {9, 10}


@pytest.mark.parametrize(
    ("target", "option"),
    [
        ("/", "ro"),
        ("/", "nosuid"),
        ("/", "nodev"),
        ("/tmp", "noexec"),
        ("/dev", "ro"),
        ("/proc/sys", "ro"),
    ],
)
def test_a_lost_mount_option_is_noticed(target: str, option: str) -> None:
    seen = evidence(plan())
    weaker = tuple(
        replace(m, options=tuple(o for o in m.options if o != option)) if m.target == target else m
        for m in seen.mounts
    )
    assert numbers(replace(seen, mounts=weaker)) & {9, 10}


def test_a_mount_that_nobody_planned_is_noticed() -> None:
    seen = evidence(plan())
    extra = MountFact("/mnt", "ext4", "/dev/vda", ("ro",), (), "private")
    assert numbers(replace(seen, mounts=(*seen.mounts, extra))) == {11}


def test_a_later_mount_over_a_planned_one_is_noticed() -> None:
    seen = evidence(plan())
    over = MountFact("/proc/kcore", "ext4", "/dev/vda", ("ro", "nosuid", "noexec"), (), "private")
    assert 10 in numbers(replace(seen, mounts=(*seen.mounts, over)))


def test_a_shared_mount_is_noticed() -> None:
    seen = evidence(plan())
    shared = (replace(seen.mounts[0], propagation="shared"), *seen.mounts[1:])
    assert 9 in numbers(replace(seen, mounts=shared))


def test_what_came_along_with_a_bind_needs_its_options() -> None:
    bind = BindAsk("/srv/x", "/srv/x", read_only=True, touches="", kind="directory")
    of = plan(replace(SETTINGS, binds=(bind,)))
    seen = evidence(of)
    below = MountFact(
        "/srv/x/sub", "ext4", "/dev/vda", ("ro", "nosuid", "nodev", "noexec"), (), "private"
    )
    assert compare(of, replace(seen, mounts=(*seen.mounts, below)), ()) == ()
    writable = replace(below, options=("nodev", "noexec", "nosuid", "rw"))
    found = compare(of, replace(seen, mounts=(*seen.mounts, writable)), ())
    assert [difference.number for difference in found] == [11]


def test_a_cgroup_limit_must_read_back_as_written() -> None:
    of = plan(machine=replace(MACHINE, by_cgroup=("memory",)))
    wanted = (("memory.max", "268435456"),)
    assert compare(of, replace(evidence(of), cgroup_limits=wanted), wanted) == ()
    found = compare(of, replace(evidence(of), cgroup_limits=(("memory.max", "max"),)), wanted)
    assert [difference.number for difference in found] == [14]
