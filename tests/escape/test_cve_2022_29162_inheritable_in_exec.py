"""CVE-2022-29162: a process that was executed *in* a running container kept inheritable ones.

The sets of every process of a container are looked at, also of those that init started and that a
program started in turn; `execve` of a program must not add any.
"""

from __future__ import annotations

import pytest
from attack import Arena
from containers import Caller

pytestmark = pytest.mark.kernel

ALL = "sleep 1 & (sh -c 'grep -h ^Cap /proc/[0-9]*/status'); kill $!"


def values(text: str) -> set[str]:
    return {line.split()[1] for line in text.splitlines()}


def test_no_process_of_a_container_holds_any(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, ALL)
    assert found.out.count("CapInh") >= 3, "init, the shell and its child"
    assert values(found.out) == {"0" * 16}


def test_control_without_capset_init_holds_them(arena: Arena, who: Caller) -> None:
    capset = ("runtime/init.py", "    capabilities.set_sets(keep)\n", "")
    bounding = ("runtime/init.py", "    capabilities.drop_bounding(keep, last_capability)\n", "")
    found = arena.try_on(who, ALL, replaced=(capset, bounding))
    assert values(found.out) != {"0" * 16}
