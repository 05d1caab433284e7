"""CVE-2023-25809: a rootless container without a cgroup namespace could write /sys/fs/cgroup.

Why no control: no cgroup file system is ever mounted inside, so there is none to make writable.
Where the network is the host's, /sys is not mounted at all. The control of CVE-2022-0492 shows that
an attacker who could mount one would succeed.
"""

from __future__ import annotations

import os

import pytest
from attack import Arena
from containers import Caller

pytestmark = pytest.mark.kernel

WRITE = (
    "cd /sys/fs/cgroup 2>/dev/null && for d in . memory pids unified; do "
    "(mkdir $d/escape; echo 0 > $d/cgroup.procs) 2>/dev/null && echo wrote $d; done; "
    "grep -c cgroup /proc/self/mountinfo; ls -A /sys/fs 2>/dev/null; true"
)


@pytest.mark.parametrize("network", ["none", "host"])
def test_no_cgroup_is_mounted_or_written(arena: Arena, who: Caller, network: str) -> None:
    before = sorted(os.listdir("/sys/fs/cgroup"))
    assert arena.try_on(who, WRITE, network=network).out == "0\n"
    assert sorted(os.listdir("/sys/fs/cgroup")) == before


def test_without_the_masks_the_directory_is_empty_and_read_only(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, f"{WRITE}; ls -A /sys/fs/cgroup", without=("masks",))
    assert "wrote" not in found.out
    assert found.out.splitlines()[0] == "0"
