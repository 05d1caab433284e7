"""Single cases of each ecosystem's order, where no tool and no list of cases speaks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from version_oracles import pacman, sign

from secure.vulns.versions.ecosystems import FAMILY
from secure.vulns.versions.order import MAX_CHARS, key
from secure.vulns.versions.unorderable import Unorderable

# Each line is in order, the least first.
_ASCENDING = [
    ("Gentoo", "1_alpha 1_beta2 1_pre 1_rc 1 1-r1 1_p0 1_p1_rc2 1_p1 1a 1.01 1.02 1.1 1.9 1.10"),
    ("Alpine:v3.20", "1_alpha 1_rc1 1 1-r0 1-r2 1_git2 1_p1 1b 1.02 1.2 10"),
    ("Wolfi", "1.2.3_rc1-r9 1.2.3-r0 1.2.3-r1 1.2.3-r10 1.2.10-r0"),
    ("Packagist", "dev-main 1.0-dev 1.0a2 1.0-beta1 1.0-RC1 1.0 1.0.1 1.9.9 1.x-dev 2.0"),
    ("RubyGems", "1.a 1.0.0.rc1 1 1.0.1.pre 1.0.1 1.1 1.1.0.1"),
    ("NuGet", "1.0.0-ALPHA 1.0.0-beta 1.0 1.0.0.1 1.1"),
    ("Hex", "1.0.0-rc.2 1.0.0-rc.10 1.0.0 1.0.10"),
    ("Pub", "1.0.0-a 1.0.0 1.0.0+1 1.0.0+2 1.0.1"),
    ("Julia", "4.3.0 4.3.1-rc1 4.3.1 4.3.1+0 4.3.1+2 4.3.1+10 4.3.2"),
    ("Go", "1.21.0-0 1.21rc2 1.21rc10 go1.21 1.21.1 v1.22.0"),
    ("Go", "0.0.0-20200101000000-aaaa 0.0.0-20210101000000-0000 v0.1.0 v2.0.0+incompatible"),
    ("Maven", "1-alpha-1 1-SNAPSHOT 1.0.0.alpha.1 1.0.0.Beta.2 1.0.Final 1.0-jre8 1.0-1 1.0.1"),
    ("PyPI", "2013-09-11 1.dev1 1a1 1 1+local 1.post1.dev1 1.post1 1!0.1"),
    ("Arch Linux", "1.0rc1-1 1.0-1 1.0-2 1.0.1-1 1:0.1-1"),
    ("CRAN", "0.1 0.1-0 0.1-1 0.2 0.10"),
    ("Red Hat:enterprise_linux:9", "1.0~rc1-1 1.0-1.el9 1.0-1.el9_1 1.0^git1-1 1.0.1-1 1:0.1-1"),
    ("Ubuntu:22.04:LTS", "1.0~rc1 1.0 1.0-0ubuntu1 1.0-0ubuntu1.1 1.0+dfsg-1 1:0.1-1"),
]  # fmt: skip

_SAME = [
    ("Gentoo", "1.0-r0", "1.0"), ("Gentoo", "1.010", "1.01"), ("Gentoo", "1_p", "1_p0"),
    ("RubyGems", "1.0.0", "1"), ("RubyGems", "1.0.a.0", "1.a"), ("npm", "v1.2", "1.2.0+build"),
    ("NuGet", "1.0.0-RC.1", "1.0-rc.1"), ("Packagist", "v1.0-stable", "1.0+x86"),
    ("Maven", "1.0.0.GA", "1"), ("PyPI", "1.0-alpha.1", "1a1"), ("Debian", "1.0-0", "0:1.0"),
]  # fmt: skip

_REFUSED = [
    ("npm", "latest"), ("npm", ""), ("npm", "^1.2.3"), ("Go", "(devel)"),
    ("CRAN", "1.0a"), ("Gentoo", "1.0-rc1"), ("RubyGems", "1..0"), ("Packagist", "1.2.3.#"),
    ("Maven", ""), ("Maven", "1.\N{GREEK SMALL LETTER ALPHA}"), ("PyPI", ""), ("PyPI", "1\n2"),
    ("Debian", ""), ("Debian", "a:1"), ("Debian", "1:"), ("Debian", "1\N{MICRO SIGN}"),
    ("Alpine", ""), ("Fedora", ""), ("Arch Linux", "1.0."), ("Arch Linux", "1-2-3"),
    ("GIT", "c0ffee"), ("Android", "2024-01-01"), ("Root", "1"), ("", "1"),
]  # fmt: skip


def _key(ecosystem: str, version: str) -> str:
    told = key(ecosystem, version)
    assert isinstance(told, str), told
    return told


@pytest.mark.parametrize(("ecosystem", "line"), _ASCENDING)
def test_versions_ascend(ecosystem: str, line: str) -> None:
    for lower, higher in pairwise(line.split()):
        assert _key(ecosystem, lower) < _key(ecosystem, higher), (lower, higher)


@pytest.mark.parametrize(("ecosystem", "left", "right"), _SAME)
def test_two_spellings_are_one_version(ecosystem: str, left: str, right: str) -> None:
    assert _key(ecosystem, left) == _key(ecosystem, right)


@pytest.mark.parametrize(("ecosystem", "version"), _REFUSED)
def test_what_is_no_version_is_refused_by_name(ecosystem: str, version: str) -> None:
    told = key(ecosystem, version)
    assert isinstance(told, Unorderable)
    assert told.reason


@pytest.mark.parametrize("rebuilder", ["Root", "TuxCare", "Docker Hardened Images"])
def test_rebuilt_packages_are_ordered_as_what_they_rebuild(rebuilder: str) -> None:
    assert _key(f"{rebuilder}:Alpine:3.20", "1_rc1") < _key(f"{rebuilder}:Alpine:3.20", "1")
    assert isinstance(key(f"{rebuilder}:{rebuilder}:Alpine", "1"), Unorderable)


def test_a_suffix_says_nothing_of_the_order() -> None:
    assert key("Debian:12", "1:2-3") == key("Debian", "1:2-3")
    assert key("Rocky Linux:9", "1-1.el9") == key("AlmaLinux:8", "1-1.el9")


def test_the_longest_version_is_ordered_and_one_more_character_is_not() -> None:
    for ecosystem in FAMILY:
        assert isinstance(key(ecosystem, "1" * MAX_CHARS), str), ecosystem
        assert isinstance(key(ecosystem, "1" * (MAX_CHARS + 1)), Unorderable), ecosystem


def test_pacman_has_no_order_where_a_separator_ends_a_version() -> None:
    assert pacman([("1.2", "1..a"), ("1..a", "1."), ("1.", "1.2")]) == [-1, -1, -1]
    assert isinstance(key("Arch Linux", "1."), Unorderable)


def test_a_missing_release_of_arch_comes_before_every_release() -> None:
    # pacman calls both equal, and thereby 1-1 and 1-2 as well.
    assert pacman([("1", "1-1"), ("1", "1-2"), ("1-1", "1-2")]) == [0, 0, -1]
    assert sign(_key("Arch Linux", "1"), _key("Arch Linux", "1-1")) == -1
