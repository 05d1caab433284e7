"""ptrace and /proc/PID/mem: the ways from one process into another.

Of init nothing is in reach (see the tests of CVE-2016-9962). Of its own processes a container could
trace those with the same user; the filter refuses it, since tracing changes system calls after the
filter has judged them on old kernels (before Linux 4.8) and has been a road out of sandboxes often.
"""

from __future__ import annotations

import pytest
from attack import Arena, said
from containers import Caller

pytestmark = pytest.mark.kernel

ATTACH, TRACEME, SEIZE = 16, 0, 0x4206
TRACE = "sleep 3 & /bin/attack call ptrace {request} $! 0 0; kill -9 $!"
WRITE = "/bin/attack call open =/proc/1/mem 1 -- write $ =x 1 -- openat -1 =/proc/1/clear_refs 1"


@pytest.mark.parametrize("request_code", [ATTACH, SEIZE, 1 << 32 | ATTACH])
def test_not_even_a_process_of_the_container_is_traced(
    arena: Arena, who: Caller, request_code: int
) -> None:
    found = said(arena.try_on(who, TRACE.format(request=request_code)))
    assert found == {"ptrace": "EPERM"}


def test_memory_of_init_is_not_written(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, WRITE))
    assert (found["open"], found["openat"]) == ("EACCES", "EACCES")


def test_control_without_the_filter_a_process_is_traced(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, TRACE.format(request=ATTACH), without=("filter",)))
    assert found == {"ptrace": "0"}


def test_control_a_dumpable_init_can_be_written(arena: Arena, who: Caller) -> None:
    found = said(arena.try_on(who, WRITE, without=("landlock", "secret-init")))
    assert int(found["open"]) > 2
