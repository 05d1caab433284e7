"""A comparison of keys says what the ecosystem's own tool says, for versions made at random."""

from __future__ import annotations

import random
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import version_oracles as oracles
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from secure.vulns.versions import apk, dpkg, golang, maven, npm_range, pacman, pep440, rpm, semver
from secure.vulns.versions.unorderable import Unorderable

Pairs = Sequence[tuple[str, str]]

# What may stand at each place of a version, alike enough to be equal at times.
_DEB = ("|0:|1:", "0|1|2|10", "|.|.0|.1|.01|-0|+a|~|~~a|a|z", "|.|.0|.1|.10|+b|~1|-1.",
        "0|1a|+1|~1", "||-0|-1|-1~b1|-1+b|-00")  # fmt: skip
_RPM = ("|0:|1:|01:", "0|1|2|10|a|a1", "|.0|.1|_01|~|~~|^|^^1|a|.", "|.0|.1|+|^a|~1|b|.a",
        "0|1|a|.|", "|-|-0|-1|-1~b|-1^a|-1.el9")  # fmt: skip
# apk 2, which is asked here, reads .02 < .010 and .001 < .0; apk 3 compares them as text, as we do.
_APK = ("0|1|2|10", "|.0|.1|.01|.011|.10", "|.0|.1|.011|.100", "|a|b", "|_alpha|_rc1|_p|_p2|_git0",
        "|_pre1|_cvs3|_p10", "|~0a|~c0ffee", "|-r0|-r1|-r10")  # fmt: skip
_ARCH = ("|0:|1:", "0|1|2|10|a", "|.0|.1|_01|..1|a|+a|.a|..a", "|.0|.1|.10|rc1|+1", "-1|-2|-1.1")
# Words stand where Maven's own class is an order: after a hyphen, or at the end.
_MAVEN = ("0|1|2", "|.0|.1|.01|.10", "|.0|.1|.2.0", "||-alpha|beta|m|rc|-cr|-final|SNAPSHOT|sp|foo",
          "|1|-1|-2|10")  # fmt: skip
_MAVEN_DOTS = (*_MAVEN[:3], ".alpha|.m|.rc|.foo|.ga", "|1|10")
_SEMVER = ("0.|1.|2.|10.", "0.|1.|10.", "0|1|2|10", "|-0|-1|-10|-a|-a-b|-rc|-0a", "|||+a|+1")
_SEMVER_PRE = (*_SEMVER[:3], "-0|-1|-10|-a|-a-b|-rc|-0a", "|.0|.2|.11|.b|.b.c", "||+a")
_RANGE = (
    "|^|~|>=|<=|<|>|=|~> |>= |^ ",
    "0|1|2|10|x|*||v1",
    "|.0|.1|.x|.10",
    "|.0|.2|.*",
    "||-0|-a|-rc.2",
)
_HYPHEN = ("0|1|1.0", "|.1|.x", "|-a", " - ", "1|2|10", "|.1|.x", "|.2")
_PEP440 = ("|0!|1!", "0|1|2", "|.0|.1|.10", "|.0|.0.0|.2", "|a0|a1|b2|rc10|-alpha|.c1",
           "|.post0|.post1|-2|.r3", "|.dev0|.dev1|dev", "|+a|+1|+10|+a.b|+a.2")  # fmt: skip


def _pairs(*forms: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Two hundred pairs; by one seed, for hypothesis is slow at drawing ten thousand strings."""
    return st.integers(0, 1 << 32).map(lambda seed: _made(seed, forms))


def _made(seed: int, forms: tuple[tuple[str, ...], ...]) -> list[tuple[str, str]]:
    drawn = random.Random(seed)
    choices = [[place.split("|") for place in form] for form in forms]
    made = ["".join(map(drawn.choice, drawn.choice(choices))) for _ in range(400)]
    return list(zip(made[::2], made[1::2], strict=True))


def _many(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=[Phase.generate],  # a tool is too slow to be asked five hundred times
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def _signs(key: Callable[[str], str | Unorderable], pairs: Pairs) -> list[int]:
    keys = [(key(left), key(right)) for left, right in pairs]
    assert not [pair for pair in keys if Unorderable in map(type, pair)]
    return [oracles.sign(str(left), str(right)) for left, right in keys]


def _agree(pairs: Pairs, ours: list[int], theirs: list[int]) -> None:
    told = zip(pairs, ours, theirs, strict=True)
    assert [row for row in told if row[1] != row[2]] == []


@given(_pairs(_DEB))
@_many(1)
def test_debian_versions_compare_as_dpkg_compares_them(pairs: Pairs) -> None:
    pairs = pairs[:100]  # a process or two each
    _agree(pairs, _signs(dpkg.key, pairs), oracles.dpkg(pairs))


@given(_pairs(_RPM))
@_many(10)
def test_rpm_versions_compare_as_rpm_compares_them(pairs: Pairs) -> None:
    _agree(pairs, _signs(rpm.key, pairs), oracles.rpm(pairs))


@given(_pairs(_ARCH))
@_many(10)
def test_arch_versions_compare_as_pacman_compares_them(pairs: Pairs) -> None:
    _agree(pairs, _signs(pacman.key, pairs), oracles.pacman(pairs))


@given(_pairs(_MAVEN, _MAVEN_DOTS))
@_many(2)
def test_maven_versions_compare_as_maven_compares_them(pairs: Pairs) -> None:
    _agree(pairs, _signs(maven.key, pairs), oracles.maven(pairs))


@given(_pairs(_SEMVER, _SEMVER_PRE))
@_many(1)
def test_semantic_versions_compare_as_npm_compares_them(pairs: Pairs) -> None:
    _agree(pairs, _signs(semver.key, pairs), oracles.npm(pairs))


@given(st.integers(0, 1 << 32))
@_many(1)
def test_ranges_of_npm_hold_what_npm_says(seed: int) -> None:
    versions = [version for version, _ in _made(seed, (_SEMVER, _SEMVER_PRE))]
    ranges = [
        text.replace("OR", "||")
        for text, _ in _made(seed, (_RANGE, (*_RANGE, " |  |OR| OR ", *_RANGE), _HYPHEN))
    ]
    pairs = list(zip(versions, ranges, strict=True))
    ours = [npm_range.contains(text, version) for version, text in pairs]
    told = [None if isinstance(found, Unorderable) else found for found in ours]
    assert [row for row in zip(pairs, told, oracles.npm_ranges(pairs), strict=True)
            if row[1] is not row[2]] == []  # fmt: skip


@pytest.fixture(scope="session")
def go_semver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that compares as Go does."""
    return oracles.go_program(tmp_path_factory.mktemp("go-semver"))


@given(pairs=_pairs(_SEMVER, _SEMVER_PRE))
@_many(10)
def test_module_versions_compare_as_go_compares_them(go_semver: Path, pairs: Pairs) -> None:
    _agree(pairs, _signs(golang.key, pairs), oracles.go(go_semver, pairs))


@given(_pairs(_PEP440))
@_many(10)
def test_python_versions_compare_as_packaging_compares_them(pairs: Pairs) -> None:
    read = [(Version(left), Version(right)) for left, right in pairs]
    told = [(left > right) - (left < right) for left, right in read]
    _agree(pairs, _signs(pep440.key, pairs), told)


@pytest.fixture(scope="session")
def alpine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real Alpine, unpacked: its apk runs by its own loader."""
    folder = tmp_path_factory.mktemp("alpine")
    image = shared / "images" / "alpine-minirootfs-20240923-x86_64.tar.gz"
    with tarfile.open(image) as archive:
        wanted = [
            entry
            for entry in archive
            if entry.name.startswith(("./lib/", "./sbin/apk", "./usr/lib/"))
        ]
        # Alpine's own archive. Python 3.11.2 does not know `filter`, 3.13 wants to be told.
        archive.extraction_filter = lambda member, _path: member
        archive.extractall(folder, wanted)  # noqa: S202
    return folder


@given(pairs=_pairs(_APK))
@_many(1)
def test_alpine_versions_compare_as_apk_compares_them(alpine: Path, pairs: Pairs) -> None:
    pairs = pairs[:100]  # a process each
    _agree(pairs, _signs(apk.key, pairs), oracles.apk(alpine, pairs))
