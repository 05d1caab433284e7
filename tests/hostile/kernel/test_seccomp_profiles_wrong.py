"""Profiles that are wrong or hostile are refused, and every mistake is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure.errors import PolicyFileError
from secure.kernel.seccomp_profile import compile_filter

READ = {"names": ["read"], "action": "SCMP_ACT_ALLOW"}


def _profile(*rules: object, **more: object) -> bytes:
    document: dict[str, Any] = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": list(rules or (READ,)),
        **more,
    }
    return json.dumps(document).encode()


def _with_arg(**arg: object) -> bytes:
    return _profile({**READ, "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ", **arg}]})


WRONG = {
    "not JSON": (b"{", "not JSON"),
    "not UTF-8": (b'{"a": "\xff"}', "not JSON"),
    "nested without end": (b"[" * 100_000, "not JSON"),
    "too large": (b" " * (1 << 20) + b"{}", "over 1048576"),
    "a list": (b"[]", "the document: an object expected"),
    "key twice": (b'{"defaultAction": "a", "defaultAction": "b"}', "same key twice"),
    "unknown key": (_profile(defaultActions=1), "key 'defaultActions' unknown"),
    "template": (_profile(archMap=[]), "key 'archMap' of moby's template"),
    "template rule": (_profile({**READ, "includes": {}}), "'includes' of moby's template"),
    "no default": (_profile(defaultAction=None), "defaultAction: unknown action None"),
    "unknown action": (
        _profile({**READ, "action": "SCMP_ACT_ALOW"}),
        r"syscalls\[0\].action: unknown action 'SCMP_ACT_ALOW'",
    ),
    "action is a list": (_profile({**READ, "action": ["x"]}), "unknown action"),
    "listener": (_profile({**READ, "action": "SCMP_ACT_NOTIFY"}), "needs a listener"),
    "tracer": (_profile(defaultAction="SCMP_ACT_TRACE"), "needs a listener"),
    "unknown operator": (_with_arg(op="SCMP_CMP_NEQ"), "unknown operator 'SCMP_CMP_NEQ'"),
    "argument 6": (_with_arg(index=6), r"args\[0\].index: a number from 0 to 5"),
    "argument true": (_with_arg(index=True), "index: a number"),
    "negative value": (_with_arg(value=-1), "value: a number"),
    "value over 64 bits": (_with_arg(value=1 << 64), "value: a number"),
    "value with a fraction": (_with_arg(value=1.5), "value: a number"),
    "errno 0": (
        _profile({**READ, "action": "SCMP_ACT_ERRNO", "errnoRet": 0}),
        "errno: a number from 1 to 4095",
    ),
    "errno 4096": (_profile(defaultErrnoRet=4096), "errno: a number from 1 to 4095"),
    "no names": (_profile({**READ, "names": []}), r"syscalls\[0\].names: names expected"),
    "name is a number": (_profile({**READ, "names": [1]}), "names expected"),
    "rule is a string": (_profile("read"), r"syscalls\[0\]: an object expected"),
    "rules are missing": (_profile(syscalls=None), "syscalls: a list expected"),
    "optional is text": (_profile({**READ, "optional": "yes"}), "optional: true or false"),
    "one argument twice": (
        _profile({**READ, "args": [{"index": 0, "value": n, "op": "SCMP_CMP_GT"} for n in (1, 2)]}),
        "one argument compared twice",
    ),
    "contradiction": (
        _profile(READ, {**READ, "action": "SCMP_ACT_ERRNO"}),
        '"read" has two actions without arguments',
    ),
    "unknown architecture": (
        _profile(architectures=["SCMP_ARCH_X86_64", "SCMP_ARCH_Z80"]),
        "architectures: unknown 'SCMP_ARCH_Z80'",
    ),
    "unknown call": (_profile({**READ, "names": ["reed"]}), "no such system call: reed"),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_a_wrong_profile_is_refused_and_says_where(what: str) -> None:
    profile, message = WRONG[what]

    with pytest.raises(PolicyFileError, match=message):
        compile_filter(profile)


def test_every_mistake_is_named_at_once() -> None:
    profile = _profile({"names": ["read"], "action": "A"}, {"names": [], "action": "B"}, extra=1)

    with pytest.raises(PolicyFileError) as error:
        compile_filter(profile)

    assert error.value.what.count(";") == 3


def test_a_profile_that_is_not_for_this_machine_is_refused() -> None:
    with pytest.raises(PolicyFileError, match='no entry for "aarch64"'):
        compile_filter(_profile(architectures=["SCMP_ARCH_X86_64"]), "aarch64")
    with pytest.raises(PolicyFileError, match='no entry for "riscv64"'):
        compile_filter(_profile(), "riscv64")


def test_a_profile_with_more_rules_than_the_kernel_takes_is_refused() -> None:
    rules = [
        {
            **READ,
            "action": "SCMP_ACT_ERRNO",
            "args": [{"index": 0, "value": n, "op": "SCMP_CMP_EQ"}],
        }
        for n in range(5000)
    ]

    with pytest.raises(PolicyFileError, match="the kernel takes 4096"):
        compile_filter(_profile(*rules))


def test_optional_names_may_be_unknown_and_are_reported() -> None:
    rule = {"names": ["read", "call_of_2040"], "action": "SCMP_ACT_ALLOW", "optional": True}

    compiled = compile_filter(_profile(rule))

    assert compiled.unknown_names == ("call_of_2040",)


def test_architectures_that_are_not_served_are_reported() -> None:
    both = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]

    compiled = compile_filter(_profile(architectures=both), "x86_64")

    assert compiled.refused_architectures == ("SCMP_ARCH_X86", "SCMP_ARCH_X32")


def test_absent_lists_of_arguments_written_as_null_are_read() -> None:
    assert compile_filter(_profile({**READ, "args": None})) == compile_filter(_profile(READ))
