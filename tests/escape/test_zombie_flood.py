"""Zombies: processes that ended and that nobody waits for still take a place in the table."""

from __future__ import annotations

import pytest
from attack import INIT, Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

PIDS = 64
COUNT = "sleep 0.3; ps -o stat | grep -c Z"
ORPHANS = "for n in $(seq 20); do (sleep 0 &) ; done"


def test_zombies_count_against_the_limit(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, arena.flood("zombies 150")))
    assert 10 <= int(found["zombies"]) <= PIDS


def test_orphans_are_reaped_by_init(arena: Arena, who: Caller) -> None:
    script = (
        f"for round in 1 2 3 4; do {arena.flood('zombies 30')} >/dev/null; {ORPHANS}; done; {COUNT}"
    )
    assert arena.try_on(who, script).out == "0\n"


def test_control_without_limits(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, arena.flood("zombies 150"), without=("rlimits",)))
    assert int(found["zombies"]) == 150


def test_control_an_init_that_only_waits_for_its_program_keeps_them(
    arena: Arena, user: Caller
) -> None:
    deaf = (
        (
            INIT,
            "        pid, status = os.waitpid(-1, os.WNOHANG)\n",
            "        pid, status = os.waitpid(2, os.WNOHANG)\n",
        ),
    )
    found = arena.try_on(user, f"{ORPHANS}; {COUNT}", replaced=deaf)
    assert int(found.out) > 10
