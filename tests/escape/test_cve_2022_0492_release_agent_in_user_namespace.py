"""CVE-2022-0492: new user and cgroup namespaces let anyone mount cgroup v1, with release_agent.

The kernel then ran a program of the attacker's as root of the host. Nothing is ever written to a
release_agent here: that the hierarchy can be mounted at all is the attack's first half.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

NEW = 0x10000000 | 0x20000 | 0x2000000  # user, mount, cgroup
MOUNT = f"/bin/attack call unshare {NEW} -- mount =none =/tmp =cgroup 0 =memory"


def needs_v1() -> None:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    if not any(" - cgroup " in line and "memory" in line for line in lines):
        pytest.skip("this machine has no cgroup v1 hierarchy for memory")


def test_a_container_mounts_no_cgroup_hierarchy(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, MOUNT))
    assert found == {"unshare": "EPERM", "mount": "EPERM"}


def test_no_release_agent_is_in_reach(arena: Arena, who: Caller) -> None:
    script = (
        "for f in /sys/fs/cgroup/release_agent /sys/fs/cgroup/*/release_agent /*/release_agent; do "
        '[ -e "$f" ] && echo "$f"; done; ls -A /sys/fs'
    )
    assert arena.try_on(who, script).out == ""


def test_landlock_alone_stops_it_too(arena: Arena, user: Caller) -> None:
    found = said(arena.try_on(user, MOUNT, without=("filter",)))
    assert found == {"unshare": "0", "mount": "EPERM"}


def test_control_without_filter_and_landlock_the_hierarchy_is_mounted(
    arena: Arena, who: Caller
) -> None:
    needs_v1()
    found = said(arena.try_on(who, MOUNT, without=("filter", "landlock")))
    assert found == {"unshare": "0", "mount": "0"}
