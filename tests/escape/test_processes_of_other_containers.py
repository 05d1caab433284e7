"""A container sees, signals and reads its own processes and no other's."""

from __future__ import annotations

import subprocess

import pytest
from attack import Arena
from containers import Caller

pytestmark = pytest.mark.kernel

LIST = "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'; ls -d /proc/[0-9]* | wc -l"
MARK = "sleep 77.7"


def listed_beside_another(arena: Arena, who: Caller, command: list[str]) -> str:
    """What `command` prints while another container of the same user runs."""
    with arena.shop.prepared(who, {}) as spec:
        other = subprocess.Popen(
            arena.shop.command(spec, None, "/bin/sh", "-c", f"echo ready; {MARK}"),
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **who.credentials,
        )  # fmt: skip
        try:
            assert other.stdout
            assert other.stdout.readline() == "ready\n"
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=60,
                stdin=subprocess.DEVNULL, **who.credentials,
            )  # fmt: skip
            return str(done.stdout)
        finally:
            other.kill()
            other.communicate()


def test_only_its_own_processes_are_listed(arena: Arena, who: Caller) -> None:
    with arena.shop.prepared(who, {}) as spec:
        out = listed_beside_another(
            arena, who, arena.shop.command(spec, None, "/bin/sh", "-c", LIST)
        )
    assert "77.7" not in out
    assert int(out.split()[-1]) <= 4


def test_control_in_the_same_pid_namespace_it_is_listed(arena: Arena, user: Caller) -> None:
    # A user and a mount namespace alone, with the host's /proc.
    command = ["unshare", "-U", "-m", "sh", "-c", LIST]
    assert "77.7" in listed_beside_another(arena, user, command)
