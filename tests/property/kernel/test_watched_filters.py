"""Laws of the filter that asks a listener, and of the machine that finds the answer.

1. It asks exactly where the plain filter refuses with an errno, quiet rules excepted.
2. Our machine answers as an independent one does.
"""

from __future__ import annotations

import struct

import pyseccomp
import pytest
from bpf_machine import AUDIT_ARCH, judge
from confinement import profile
from hypothesis import given
from hypothesis import strategies as st

from secure.errors import MachineError
from secure.kernel.bpf import ACTION, RET_ERRNO, RET_USER_NOTIF, answer
from secure.kernel.seccomp_profile import compile_filter
from secure.policy.settings import SECCOMP_PROFILES

FILTERS = {name: compile_filter(profile(name)) for name in SECCOMP_PROFILES}
CLONE3 = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, "clone3")
numbers = st.one_of(st.integers(0, 480), st.integers(0, 2**32 - 1))
values = st.one_of(
    st.sampled_from((0, 1, 2, 16, 0x5412, 0x10000000, 2**32 + 0x5412, 2**64 - 1)),
    st.integers(0, 2**64 - 1),
)
arguments = st.tuples(values, values, values)
names = st.sampled_from(SECCOMP_PROFILES)


@given(names, numbers, arguments)
def test_it_asks_where_the_plain_filter_refuses_and_nowhere_else(
    name: str, number: int, args: tuple[int, ...]
) -> None:
    plain = judge(FILTERS[name].bpf, "x86_64", number, args)
    watched = judge(FILTERS[name].watched, "x86_64", number, args)
    loud = plain & ACTION == RET_ERRNO and number != CLONE3
    assert watched == (RET_USER_NOTIF if loud else plain)


@given(names, numbers, arguments)
def test_both_machines_answer_alike(name: str, number: int, args: tuple[int, ...]) -> None:
    call = struct.pack("<IIQ6Q", number, AUDIT_ARCH["x86_64"], 0, *args, 0, 0, 0)
    assert answer(FILTERS[name].bpf, call) == judge(FILTERS[name].bpf, "x86_64", number, args)


@given(st.binary(max_size=400))
def test_a_program_that_is_none_ends_in_an_answer_or_a_named_error(program: bytes) -> None:
    try:
        assert answer(program, bytes(64)) < 2**32
    except (MachineError, IndexError):
        assert len(program) % 8 or answer_is_refused(program)


def answer_is_refused(program: bytes) -> bool:
    with pytest.raises(MachineError):
        answer(program, bytes(64))
    return True
