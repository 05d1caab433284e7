"""core_pattern: a line that begins with "|" makes the kernel start a program as root of the host.

The tests look at refusals only; no value is ever written that the file does not hold already.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

FILE = "/proc/sys/kernel/core_pattern"
OPEN = f"/bin/attack call open ={FILE} 1 -- mount =none =/proc/sys =none 0x1020 0"
# A switch of the container's own ipc namespace, which its uid 0 may write (Linux 5.19).
OWN_SWITCH = "/bin/attack call open =/proc/sys/kernel/msgmax 1"


def test_core_pattern_cannot_be_written(arena: Arena, who: Caller) -> None:
    before = Path(FILE).read_text()
    assert said(arena.try_on(who, OPEN)) == {"open": "EACCES", "mount": "EPERM"}
    assert Path(FILE).read_text() == before


def test_not_even_uid_0_inside_writes_a_switch_of_the_kernel(arena: Arena, ranged: Caller) -> None:
    found = said(arena.try_on(ranged, f"{OPEN}; {OWN_SWITCH}", uid=0))
    assert found["open"] == "EROFS"


def test_a_dying_program_leaves_no_core_and_starts_nothing(arena: Arena, who: Caller) -> None:
    script = "cd /tmp; ulimit -c unlimited 2>&1; sleep 5 & kill -11 $!; wait $!; ulimit -c; ls /tmp"
    found = arena.try_on(who, script)
    assert "core" not in found.out.splitlines()
    assert "0" in found.out.splitlines(), "the limit for core files is 0 and cannot be raised"


def test_control_without_the_read_only_mount_uid_0_inside_writes_its_own_switch(
    arena: Arena, ranged: Caller
) -> None:
    found = said(arena.try_on(ranged, OWN_SWITCH, without=("read-only",), uid=0))
    assert int(found["open"]) > 2


def test_control_without_the_read_only_mount_the_kernel_asks_for_root_of_the_host(
    arena: Arena, ranged: Caller
) -> None:
    # Why the attack itself cannot be shown working: this file belongs to uid 0 of the host, whom no
    # container here has. Two walls; this takes one down and finds the other.
    found = said(arena.try_on(ranged, OPEN, without=("read-only",), uid=0))
    assert found["open"] == "EACCES"
