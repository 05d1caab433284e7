"""Signals: a process of the host has no number in the container's pid namespace."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel


@pytest.fixture
def victim(user: Caller) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the same user on the host."""
    process = subprocess.Popen(["sleep", "60"], **user.credentials)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_process_of_the_host_has_no_number_inside(
    arena: Arena, user: Caller, victim: subprocess.Popen[bytes]
) -> None:
    script = f"/bin/attack call kill {victim.pid} 15 -- pidfd_open {victim.pid} 0"
    assert said(arena.try_on(user, script)) == {"kill": "ESRCH", "pidfd_open": "ESRCH"}
    assert victim.poll() is None


def test_a_signal_to_everybody_stays_inside(
    arena: Arena, who: Caller, victim: subprocess.Popen[bytes]
) -> None:
    found = arena.try_on(who, "sleep 60 & kill -9 -1; echo still here")
    assert found.code in {0, 137}
    assert victim.poll() is None


def test_init_outlives_every_signal_of_its_container(arena: Arena, who: Caller) -> None:
    signals = " ".join(str(n) for n in range(1, 32))
    found = arena.try_on(who, f"for n in {signals}; do kill -$n 1; done; sleep 0.1; echo alive")
    # What init forwards (HUP, INT, TERM, USR1 …) comes back to the shell and may end it.
    assert found.code in {0, 129, 130, 131, 138, 140, 143} or "alive" in found.out


def test_control_the_same_user_outside_ends_it(
    user: Caller, victim: subprocess.Popen[bytes]
) -> None:
    # A container without a pid namespace cannot be built: the kernel refuses to mount /proc for it
    # (tests/kernel/runtime). So the same user outside shows that ids alone would not stop it.
    done = subprocess.run(["sh", "-c", f"kill -TERM {victim.pid}"], check=False, **user.credentials)
    assert done.returncode == 0
    assert victim.wait(10) == -15
