"""CVE-2016-9962: the runtime's own process in the container could be traced and its files taken.

Our pid 1 is such a process for as long as the container lives: a copy of the supervisor, with the
caller's memory and, early on, pipes to the supervisor.
"""

from __future__ import annotations

import pytest
from attack import INIT, Arena, Replacement, said
from containers import Caller

pytestmark = pytest.mark.kernel

O_RDWR, PTRACE_ATTACH, PTRACE_SEIZE = 2, 16, 0x4206
OPEN_ALL = (
    "/bin/attack call open =/proc/1/mem 2 -- openat -1 =/proc/1/environ 0 -- "
    f"ptrace {PTRACE_SEIZE} 1 0 0 -- process_vm_readv 1 @ 0 @ 0 0"
)
LIST = 'for f in /proc/1/fd/* /proc/1/map_files/*; do [ -L "$f" ] && readlink $f; done 2>/dev/null'
# Init is held up right after the start: what the payload may do must not depend on who is fast.
SLOW_INIT: tuple[Replacement, ...] = (
    (INIT, "import gc\n", "import gc\nimport time\n"),
    (
        INIT,
        "    payload = _start_first(command, slave)\n",
        "    payload = _start_first(command, slave)\n    time.sleep(1)\n",
    ),
)


def test_pid_1_cannot_be_opened_traced_or_listed(arena: Arena, who: Caller) -> None:
    found = arena.try_on(who, f"{OPEN_ALL}; {LIST}; readlink /proc/1/exe /proc/1/root /proc/1/cwd")
    answers = said(found)
    assert answers == {
        "open": "EACCES",
        "openat": "EACCES",
        "ptrace": "EPERM",
        "process_vm_readv": "EPERM",
    }
    assert "/" not in found.out, "a link of pid 1 was readable"


def test_without_the_filter_the_kernel_still_keeps_pid_1_closed(arena: Arena, who: Caller) -> None:
    answers = said(arena.try_on(who, OPEN_ALL, without=("filter",)))
    assert answers["ptrace"] == "EPERM"
    assert answers["open"] == "EACCES"


def test_control_a_dumpable_init_is_open_to_its_container(arena: Arena, who: Caller) -> None:
    script = f"{OPEN_ALL}; readlink /proc/1/exe; {LIST}"
    found = arena.try_on(who, script, without=("filter", "landlock", "secret-init"))
    answers = said(found)
    assert answers["ptrace"] == "0"
    assert int(answers["open"]) > 2
    assert int(answers["openat"]) > 2
    assert "python" in found.out


def test_a_slow_init_starts_its_program(arena: Arena, user: Caller) -> None:
    assert arena.try_on(user, "echo program", replaced=SLOW_INIT).out == "program\n"


def test_pid_1_is_closed_before_the_payload_runs_however_slow_it_is(
    arena: Arena, user: Caller
) -> None:
    found = arena.try_on(user, OPEN_ALL, replaced=SLOW_INIT)
    assert said(found)["open"] == "EACCES"
