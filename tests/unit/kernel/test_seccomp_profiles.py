"""The built-in profiles, and the way from profile to filter."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from bpf_machine import ALLOW, errno_action, judge
from confinement import ROOT, filter_of, profile
from hypothesis import given
from hypothesis import strategies as st
from killed_writers import is_killed_while_writing

from secure.errors import MachineError
from secure.kernel import seccomp
from secure.kernel.seccomp_compile import libseccomp_version
from secure.kernel.seccomp_profile import (
    cache_key,
    compile_filter,
    compile_profile,
    write_cached,
)
from secure.kernel.seccomp_rules import parse_profile
from secure.policy.settings import SECCOMP_PROFILES

NAMES = SECCOMP_PROFILES
STEPS = tuple(pairwise(NAMES))


def _permitted(name: str) -> set[str]:
    rules = parse_profile(profile(name)).rules
    return {call for rule in rules if rule.action.name == "SCMP_ACT_ALLOW" for call in rule.names}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
def test_every_name_of_a_built_in_profile_is_known(name: str, arch: str) -> None:
    compiled = compile_filter(profile(name), arch)

    assert compiled.unknown_names == ()
    assert compiled.refused_architectures == ()
    assert 100 < len(compiled.bpf) // 8 < 1000


@pytest.mark.parametrize("name", NAMES)
def test_what_no_rule_names_seems_absent(name: str) -> None:
    default = parse_profile(profile(name)).default

    assert (default.name, default.errno) == ("SCMP_ACT_ERRNO", 38)


@pytest.mark.parametrize(("looser", "stricter"), STEPS)
def test_each_profile_permits_less_than_the_one_before(looser: str, stricter: str) -> None:
    assert _permitted(stricter) <= _permitted(looser)
    assert profile(stricter) != profile(looser)


@pytest.mark.parametrize(("looser", "stricter"), STEPS)
@given(st.data())
def test_no_arguments_pass_a_stricter_profile_and_not_a_looser_one(
    looser: str, stricter: str, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, 500))
    small = st.sampled_from((0, 1, 2, 3, 6, 10, 16, 40, 0x5412, 0x10000000, 1 << 32, 0x2000))
    arguments = data.draw(st.tuples(*[small | st.integers(0, (1 << 64) - 1)] * 6))
    judged = [judge(filter_of(name), "x86_64", number, arguments) for name in (looser, stricter)]
    assert judged[1] != ALLOW or judged[0] == ALLOW


def test_default_permits_nothing_that_podman_refuses() -> None:
    installed = Path("/usr/share/containers/seccomp.json")
    if not installed.exists():
        pytest.skip("containers-common is not installed: no profile to compare with")
    rules = json.loads(installed.read_text())["syscalls"]
    theirs = {
        name
        for rule in rules
        if rule["action"] == "SCMP_ACT_ALLOW" and not (rule.get("includes") or {}).get("caps")
        for name in rule["names"]
    }

    assert _permitted("default") - theirs == set()
    assert theirs - _permitted("default") >= {"unshare", "mount", "keyctl", "ptrace", "clone3"}


def test_a_hostile_argument_is_seen_on_both_architectures() -> None:
    tiocsti = (0, 0x100005412)

    assert judge(filter_of("default", "x86_64"), "x86_64", 16, tiocsti) == errno_action(1)
    assert judge(filter_of("default", "aarch64"), "aarch64", 29, tiocsti) == errno_action(1)
    assert judge(filter_of("default", "aarch64"), "aarch64", 29, (0, 0x5413)) == ALLOW


def test_the_same_profile_makes_the_same_filter() -> None:
    assert compile_profile(profile("default")) == compile_profile(profile("default"))


def test_the_version_of_libseccomp_is_three_numbers() -> None:
    assert [part.isdecimal() for part in libseccomp_version().split(".")] == [True] * 3


def test_the_kernel_names_its_actions() -> None:
    assert {"kill_process", "errno", "allow"} <= set(seccomp.available())


@pytest.mark.parametrize("bpf", [b"", b"1234567", bytes(8 * 4097)], ids=["none", "odd", "long"])
def test_what_cannot_be_a_filter_is_not_given_to_the_kernel(bpf: bytes) -> None:
    with pytest.raises(MachineError, match="is not 1 to 4096 instructions"):
        seccomp.install_filter(bpf)


_LAUNCH = """
import sys; sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from secure.kernel import cgroups_detect, features, landlock, rlimits, seccomp, seccomp_profile
with open(sys.argv[2], "rb") as file: profile = file.read()
bpf = seccomp_profile.load_filter(profile, sys.argv[3])
features.features()
print(len(bpf)); print(*sorted(set(sys.modules) - before))
"""
HEAVY = {
    "ctypes", "json", "re", "enum", "typing", "dataclasses", "argparse", "subprocess", "logging",
    "pathlib", "hashlib", "struct", "pyseccomp", "msgspec", "secure.kernel.seccomp_rules",
    "secure.kernel.seccomp_compile",
}  # fmt: skip


def test_a_launch_with_a_cached_filter_imports_nothing_heavy(tmp_path: Path) -> None:
    write_cached(tmp_path, cache_key(profile("default")), filter_of("default"))
    file = ROOT / "policies" / "seccomp" / "default.json"
    command = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(ROOT), str(file), str(tmp_path)]

    length, modules = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert int(length) == len(filter_of("default"))
    assert set(modules.split()) & HEAVY == set()


def test_a_writer_that_is_killed_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    bpf = filter_of("default")
    assert is_killed_while_writing(lambda: write_cached(tmp_path, "0" * 64, bpf), len(bpf) // 2)
    assert list(tmp_path.iterdir()) == []
