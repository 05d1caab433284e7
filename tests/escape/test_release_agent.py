"""release_agent: the classic way out of a privileged container, by cgroup v1.

Why the attack is not shown working: it needs CAP_SYS_ADMIN in the first user namespace, which no
launch can have (the policy has no word for it), and its last step would run a program as root of
this machine. What is shown is that each step before is refused, and that the file keeps its value.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

STEPS = (
    "/bin/attack call mount =none =/tmp =cgroup 0 =rdma -- mount =none =/tmp =cgroup2 0 0 -- "
    "open =/sys/fs/cgroup/release_agent 1 -- openat -100 =/sys/fs/cgroup/memory/release_agent 1"
)


def values() -> dict[str, str]:
    return {str(f): f.read_text() for f in Path("/sys/fs/cgroup").glob("*/release_agent")}


def test_every_step_before_the_write_is_refused(arena: Arena, who: Caller) -> None:
    before = values()
    found = said(arena.try_on(who, STEPS))
    assert found == {"mount": "EPERM", "open": "ENOENT", "openat": "ENOENT"}
    assert values() == before


def test_control_without_masks_there_is_still_no_hierarchy(arena: Arena, who: Caller) -> None:
    # /sys/fs/cgroup is an empty directory of a fresh sysfs: the mask is the second wall.
    without = ("masks", "filter", "landlock")
    found = said(arena.try_on(who, STEPS, without=without))
    assert found == {"mount": "EPERM", "open": "ENOENT", "openat": "ENOENT"}
