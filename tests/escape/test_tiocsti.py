"""TIOCSTI and TIOCLINUX push input into a terminal, as if the user had typed it (CVE-2017-5226).

The kernel reads the low 32 bits of a request, a filter is given 64: a filter that compares all of
them lets 0x1_0000_5412 through (CVE-2019-7303). Besides, the caller's terminal is never handed in.
"""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from attack import Arena, Replacement, said
from containers import Caller, Result

pytestmark = pytest.mark.kernel

TIOCSTI, TIOCLINUX = 0x5412, 0x541C
REQUESTS = [request | high << 32 for request in (TIOCSTI, TIOCLINUX) for high in (0, 1, 0xFFFFFFFF)]
RELAYED: Replacement = (
    "runtime/stdio.py",
    "        return (os.major(status.st_rdev), os.minor(status.st_rdev)) == _NULL\n",
    "        return True\n",
)


def on_a_terminal(arena: Arena, who: Caller, script: str, package: Path | None = None) -> Result:
    """Run a script whose standard streams are a terminal of the caller's; no pty of its own."""
    master, slave = pty.openpty()
    layers = [str(arena.shop.rootfs), str(arena.layer)]
    try:
        with arena.shop.prepared(who, {"layers": layers, "interactive": True}) as spec:
            command = arena.shop.command(spec, package, "/bin/sh", "-c", script)
            done = subprocess.run(
                command, stdin=slave, stdout=subprocess.PIPE, stderr=slave, text=True,
                timeout=60, check=False, env={"PATH": "/usr/bin:/bin"}, start_new_session=True,
                **who.credentials,
            )  # fmt: skip
    finally:
        os.close(master)
        os.close(slave)
    return Result(done.returncode, done.stdout, "")


@pytest.mark.parametrize("request_code", REQUESTS)
def test_no_form_of_the_request_is_let_through(
    arena: Arena, who: Caller, request_code: int
) -> None:
    script = f"/bin/attack call ioctl 0 {request_code} =x"
    assert said(on_a_terminal(arena, who, script)) == {"ioctl": "EPERM"}


def test_the_callers_terminal_is_not_handed_in(arena: Arena, who: Caller) -> None:
    script = (
        "for n in 0 1 2; do [ -t $n ] && echo terminal=$n; done; ls -l /proc/self/fd | grep -c pts"
    )
    assert on_a_terminal(arena, who, script).out == "0\n"


def test_control_without_the_filter_it_is_the_relay_that_stops_it(
    arena: Arena, who: Caller
) -> None:
    script = f"/bin/attack call ioctl 0 {TIOCSTI} =x"
    found = on_a_terminal(arena, who, script, arena.package(("filter",)))
    assert said(found) == {"ioctl": "ENOTTY"}


def test_control_without_both_the_request_reaches_the_terminal(arena: Arena, user: Caller) -> None:
    # EPERM or EIO from here on would be the kernel's: a terminal that is not the controlling one.
    script = f"/bin/attack call setsid -- ioctl 0 0x540E 0 -- ioctl 0 {TIOCSTI} =x"
    package = arena.package(("filter", "landlock"), (RELAYED,))
    found = on_a_terminal(arena, user, script, package).out.splitlines()
    if Path("/proc/sys/dev/tty/legacy_tiocsti").exists() and (
        Path("/proc/sys/dev/tty/legacy_tiocsti").read_text().strip() == "0"
    ):
        pytest.skip("this kernel has TIOCSTI switched off (dev.tty.legacy_tiocsti)")
    assert found[-1] == "ioctl=0", found
