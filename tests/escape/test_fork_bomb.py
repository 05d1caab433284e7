"""A fork bomb must end at the container's limit, and leave the host and other containers alone."""

from __future__ import annotations

import subprocess
import time

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

PIDS = 64  # the limit that the workshop's plan asks for
MOST = 150  # what the guard would still let through, 200, is far above


def test_the_flood_ends_at_the_limit(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, arena.flood(f"forks {MOST}")))
    assert 10 <= int(found["forks"]) <= PIDS


def test_the_container_can_still_be_ended(arena: Arena, who: Caller) -> None:
    started = time.monotonic()
    found = arena.try_on(who, f"{arena.flood(f'forks {MOST}')}; kill -9 $$")
    assert found.code == 137
    assert time.monotonic() - started < 15


def test_a_second_container_is_not_short_of_processes(arena: Arena, who: Caller) -> None:
    # RLIMIT_NPROC is counted in each user namespace (Linux 5.14): one cannot use up another's.
    script = f"{arena.flood(f'forks {MOST}')} >/dev/null; sleep 0.1"
    arena.try_on(who, script)
    assert arena.try_on(who, "for n in $(seq 20); do sleep 0 & done; wait; echo all").out == "all\n"


def test_control_without_limits_the_flood_is_as_large_as_it_wants(
    arena: Arena, who: Caller
) -> None:
    found = said(arena.try_on(who, arena.flood(f"forks {MOST}"), without=("rlimits",)))
    assert int(found["forks"]) > PIDS


def test_the_guard_starts_no_flood_outside_a_container(arena: Arena) -> None:
    command = [str(arena.program), *arena.flood("forks 3").split()[1:]]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (99, b"")
    assert b"refused" in done.stderr
    done = subprocess.run([str(arena.program), "forks", "3"], capture_output=True, check=False)
    assert done.returncode == 99
