"""Law: a compiled filter judges each call as the profile says, for every architecture.

The order of judgement (secure/kernel/seccomp_compile.py): refusals with arguments, permissions,
refusals without arguments, the default.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import pyseccomp
import pytest
from bpf_machine import ALLOW, KILL_PROCESS, errno_action, judge
from confinement import filter_of, profile
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.kernel.seccomp_compile import compile_rules
from secure.kernel.seccomp_rules import Action, Comparison, Profile, Rule, parse_profile
from secure.policy.settings import SECCOMP_PROFILES

ARCHES = {"x86_64": pyseccomp.Arch.X86_64, "aarch64": pyseccomp.Arch.AARCH64}
NAMES = ("read", "ioctl", "clone", "socket", "personality", "unshare")
HOLDS: dict[str, Callable[[int, int], bool]] = {
    "SCMP_CMP_EQ": operator.eq,
    "SCMP_CMP_NE": operator.ne,
    "SCMP_CMP_LT": operator.lt,
    "SCMP_CMP_LE": operator.le,
    "SCMP_CMP_GE": operator.ge,
    "SCMP_CMP_GT": operator.gt,
}
# Few values, near each other and at the borders of 32 and 64 bits, so that comparisons often meet.
values = st.sampled_from((0, 1, 2, 3, 0x5412, 2**32 - 1, 2**32, 2**32 + 0x5412, 2**63, 2**64 - 1))
comparisons = st.builds(
    Comparison, st.integers(0, 2), st.sampled_from([*HOLDS, "SCMP_CMP_MASKED_EQ"]), values, values
)
arguments = st.lists(comparisons, min_size=1, max_size=2, unique_by=lambda c: c.arg).map(tuple)
refusal, permission = Action("SCMP_ACT_ERRNO", 1), Action("SCMP_ACT_ALLOW")


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    rules = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4)):
        for _ in range(draw(st.integers(0, 3))):
            action = draw(st.sampled_from((refusal, permission)))
            rules.append(Rule((name,), action, draw(arguments)))
        whole = draw(st.sampled_from((None, refusal, permission, Action("SCMP_ACT_ERRNO", 97))))
        if whole:
            rules.append(Rule((name,), whole))
    default = draw(st.sampled_from((Action("SCMP_ACT_ERRNO", 38), permission)))
    return Profile(default, ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"), tuple(rules))


def _holds(comparison: Comparison, call: tuple[int, ...]) -> bool:
    found = call[comparison.arg]
    if comparison.op == "SCMP_CMP_MASKED_EQ":
        # libseccomp masks the datum too.
        return found & comparison.value == comparison.value_two & comparison.value
    return HOLDS[comparison.op](found, comparison.value)


def _as_written(profile_: Profile, name: str, call: tuple[int, ...]) -> int:
    matching = [
        rule
        for rule in profile_.rules
        if name in rule.names and all(_holds(comparison, call) for comparison in rule.args)
    ]
    refused = [rule.action for rule in matching if rule.args and rule.action != permission]
    permitted = [rule.action for rule in matching if rule.action == permission]
    rest = [rule.action for rule in matching if not rule.args and rule.action != permission]
    action = (*refused, *permitted, *rest, profile_.default)[0]
    return ALLOW if action == permission else errno_action(action.errno)


@given(profiles(), st.sampled_from(NAMES), st.tuples(values, values, values))
@settings(max_examples=300, deadline=None)
@pytest.mark.parametrize("arch", sorted(ARCHES))
def test_a_filter_judges_as_its_profile_says(
    arch: str, profile_: Profile, name: str, call: tuple[int, ...]
) -> None:
    bpf = compile_rules(profile_, arch).bpf

    number = pyseccomp.resolve_syscall(ARCHES[arch], name)
    assert judge(bpf, arch, number, call) == _as_written(profile_, name, call)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
@settings(max_examples=300, deadline=None)
@pytest.mark.parametrize("name", SECCOMP_PROFILES)
@pytest.mark.parametrize("arch", sorted(ARCHES))
def test_the_built_in_profiles_judge_as_written(
    arch: str, name: str, first: int, second: int, third: int
) -> None:
    written = parse_profile(profile(name))

    for call in ("ioctl", "clone", "socket", "personality", "mknodat", "read", "unshare"):
        number = pyseccomp.resolve_syscall(ARCHES[arch], call)
        found = judge(filter_of(name, arch), arch, number, (first, second, third))
        assert found == _as_written(written, call, (first, second, third))


@given(st.integers(0, 2**32 - 1), st.tuples(values, values, values))
@settings(max_examples=500, deadline=None)
def test_calls_of_another_architecture_are_never_answered(
    number: int, call: tuple[int, ...]
) -> None:
    assert judge(filter_of("default", "x86_64"), "i386", number, call) == KILL_PROCESS
    assert judge(filter_of("default", "aarch64"), "x86_64", number, call) == KILL_PROCESS
    x32 = number & 0x3FFFFFFF | 0x40000000
    assert judge(filter_of("default", "x86_64"), "x86_64", x32, call) == KILL_PROCESS


@given(st.integers(500, 0x3FFFFFFF), st.tuples(values, values, values))
@settings(max_examples=500, deadline=None)
@pytest.mark.parametrize("arch", sorted(ARCHES))
def test_unknown_numbers_seem_absent(arch: str, number: int, call: tuple[int, ...]) -> None:
    assert judge(filter_of("default", arch), arch, number, call) == errno_action(38)


# libseccomp 2.5.4 answers wrongly where both of a pair stand in one program.
_FIRST = (("SCMP_CMP_LT", 0), ("SCMP_CMP_LE", 0), ("SCMP_CMP_LT", 1))
_SECOND = (("SCMP_CMP_LT", 2**32), ("SCMP_CMP_LE", 2**32), ("SCMP_CMP_GT", 2**32))


@pytest.mark.parametrize("action", [refusal, permission])
@pytest.mark.parametrize("first", _FIRST)
@pytest.mark.parametrize("second", _SECOND)
def test_two_ordered_comparisons_of_one_argument_are_not_mixed_up(
    first: tuple[str, int], second: tuple[str, int], action: Action
) -> None:
    default = permission if action == refusal else refusal
    rules = tuple(Rule(("read",), action, (Comparison(0, *one),)) for one in (first, second))
    made = Profile(default, ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"), rules)
    bpf = compile_rules(made, "x86_64").bpf
    number = pyseccomp.resolve_syscall(ARCHES["x86_64"], "read")
    for call in (0, 1, 2, 5, 2**32 - 1, 2**32, 2**32 + 1, 2**63, 2**64 - 1):
        assert judge(bpf, "x86_64", number, (call,)) == _as_written(made, "read", (call, 0, 0))


@pytest.mark.parametrize("action", [refusal, permission])
def test_two_rules_that_compare_one_argument_in_other_ways_both_hold(action: Action) -> None:
    # libseccomp 2.5.4 forgets the second where both stand in one program.
    none, some = Comparison(2, "SCMP_CMP_EQ", 0), Comparison(2, "SCMP_CMP_NE", 0)
    first = Comparison(0, "SCMP_CMP_EQ", 0)
    rules = (Rule(("read",), action, (none,)), Rule(("read",), action, (first, some)))
    default = permission if action == refusal else refusal
    made = Profile(default, ("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"), rules)
    for arch, known in ARCHES.items():
        bpf = compile_rules(made, arch).bpf
        for call in ((0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 1)):
            found = judge(bpf, arch, pyseccomp.resolve_syscall(known, "read"), call)
            assert found == _as_written(made, "read", call)
