"""How refused system calls are told."""

from __future__ import annotations

import os
import struct

import pytest

from secure.flows.refused_calls import RefusedCall, allowed_by, body, line, refused_calls
from secure.kernel.syscall_names import system_call_name
from secure.runtime.refusals import Refused
from secure.runtime.supervisor import Outcome

UNSHARE, SOCKET = (272, 41) if os.uname().machine == "x86_64" else (97, 198)
ARCH = 0xC000003E if os.uname().machine == "x86_64" else 0xC00000B7
AF_INET, AF_UNIX = 2, 1


def call(number: int, *arguments: int) -> bytes:
    return struct.pack("<IIQ6Q", number, ARCH, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def test_the_tightest_profile_that_allows_a_call_is_found() -> None:
    assert allowed_by(call(SOCKET, AF_UNIX)) == "strict"
    assert allowed_by(call(SOCKET, AF_INET, 1)) == "web"
    assert allowed_by(call(UNSHARE, 0x10000000)) == ""


def test_a_kernel_that_does_not_tell_leaves_the_record_without_a_claim() -> None:
    assert body(Outcome(1, oom_kills=0), ()) == {}
    assert body(Outcome(1, oom_kills=0, refused=()), ()) == {
        "refused_calls": [],
        "more_refused": False,
    }


def test_numbers_beyond_all_names_are_told_as_numbers_and_in_bounds() -> None:
    many = tuple(Refused(call(100_000 + n), 38, 1) for n in range(200))
    outcome = Outcome(1, oom_kills=0, refused=many)
    told = refused_calls(outcome)
    assert (len(told), told[0].name, told[0].errno) == (64, "call 100000", "ENOSYS")
    assert body(outcome, told)["more_refused"] is True
    assert line(outcome, told, "default", "0" * 16).count("call 1000") == 6


def test_the_hint_names_the_profile_that_allows_all_that_can_be_allowed() -> None:
    calls = (
        RefusedCall("socket", "EAFNOSUPPORT", 3, "web"),
        RefusedCall("chown", "EPERM", 1, "default"),
        RefusedCall("unshare", "EPERM", 1, ""),
    )
    refused = (Refused(call(SOCKET), 97, 3),)
    told = line(Outcome(1, oom_kills=0, refused=refused), calls, "strict", "ab" * 8)
    assert "socket 3 times with EAFNOSUPPORT (profile web allows it)" in told
    assert "unshare once with EPERM (no profile allows it)" in told
    assert "--security-opt seccomp=default;" in told


def test_a_program_ended_by_its_filter_is_told_so() -> None:
    assert "another architecture" in line(Outcome(159, oom_kills=0), (), "strict", "")


def test_names_of_calls_are_the_kernels() -> None:
    assert [system_call_name(n) for n in (UNSHARE, SOCKET)] == ["unshare", "socket"]


def test_a_program_that_its_caller_ended_is_no_riddle() -> None:
    calls = (RefusedCall("unshare", "EPERM", 1, ""),)
    refused = (Refused(call(UNSHARE), 1, 1),)
    for code, words in ((143, ""), (130, ""), (137, "unshare"), (1, "unshare")):
        told = line(Outcome(code, oom_kills=0, refused=refused), calls, "default", "")
        assert (words in told, bool(told)) == (True, bool(words))
