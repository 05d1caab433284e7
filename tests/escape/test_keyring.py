"""Kernel keyrings are not namespaced: a session keyring is inherited across clone and execve.

Two walls: init joins a new session keyring, and the filter refuses all three calls
(CVE-2016-0728, CVE-2014-9529 and others were reached through them).
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

KEYCTL_SEARCH, SESSION, USER = 10, -3, -4
SEARCH = (
    f"/bin/attack call keyctl {KEYCTL_SEARCH} {SESSION} =user =secure-test-secret 0 -- "
    f"add_key =user =mine =x 1 {SESSION} -- request_key =user =secure-test-secret 0 0"
)
# Runs in a process of its own: a new session keyring with one key in it, then the container.
_WITH_A_KEY = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(250, 1, None) < 0 or libc.syscall(
    248, b"user", b"secure-test-secret", b"x", 1, -3) < 0:
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
"""


def with_a_key(arena: Arena, who: Caller, without: tuple[str, ...]) -> dict[str, str]:
    """What the attack prints where the caller's session keyring holds a key."""
    package = arena.package(without) if without else None
    stack = [str(path) for path in (arena.shop.rootfs, arena.layer)]
    with arena.shop.prepared(who, {"layers": stack}) as spec:
        command = arena.shop.command(spec, package, "/bin/sh", "-c", SEARCH)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _WITH_A_KEY, *command],
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"}, **who.credentials,
        )  # fmt: skip
    if done.returncode == 77:
        pytest.skip("no key could be made here (sandboxed keyctl, or the quota is used up)")
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def test_keyrings_are_out_of_reach(arena: Arena, who: Caller) -> None:
    found = with_a_key(arena, who, ())
    assert found == {"keyctl": "EPERM", "add_key": "EPERM", "request_key": "EPERM"}


def test_without_the_filter_the_session_keyring_is_empty(arena: Arena, user: Caller) -> None:
    assert with_a_key(arena, user, ("filter",))["keyctl"] == "ENOKEY"


def test_control_without_both_the_callers_key_is_found(arena: Arena, user: Caller) -> None:
    assert int(with_a_key(arena, user, ("filter", "session-keyring"))["keyctl"]) > 0


def test_key_lists_of_the_host_are_hidden(arena: Arena, who: Caller) -> None:
    assert said(arena.try_on(who, "echo keys=$(cat /proc/keys /proc/key-users)")) == {"keys": ""}
