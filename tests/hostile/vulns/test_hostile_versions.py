"""Versions made to cost time or memory: refused unread beyond the limit, linear below it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from secure.vulns.versions import npm_range, pep440
from secure.vulns.versions.ecosystems import FAMILY
from secure.vulns.versions.order import MAX_CHARS, key
from secure.vulns.versions.unorderable import Unorderable

# Repeated to the limit: what makes patterns go back, numbers grow and lists nest.
_PIECES = ["9", "0", "1.", ".1", "1-", "-", ".", "a", "1a", "~", "^", "_p1", "-r1", "1.0", "0a",
           "1-a.", "+", "1+", "alpha", ":", "1:", "0.0.a", "--1", " ", "\x00"]  # fmt: skip


@pytest.mark.parametrize("ecosystem", sorted(FAMILY))
def test_a_megabyte_is_refused_unread_and_not_kept(ecosystem: str) -> None:
    told = key(ecosystem, "1." * (1 << 19))
    assert isinstance(told, Unorderable)
    assert "1048576 characters, limit 1000" in told.reason
    assert len(told.reason) < 200


@pytest.mark.parametrize("ecosystem", sorted(FAMILY))
def test_keys_of_the_longest_versions_stay_in_proportion(ecosystem: str) -> None:
    for piece in _PIECES:
        for head in ("1", "1.", ""):
            for tail in ("", "!", "\N{MICRO SIGN}"):
                version = (head + piece * MAX_CHARS)[: MAX_CHARS - 1] + tail
                told = key(ecosystem, version)
                assert len(told if isinstance(told, str) else told.reason) < 12 * MAX_CHARS


def test_numbers_of_a_thousand_digits_are_compared_by_value() -> None:
    less, more = "1" + "0" * 900, "2" + "0" * 900
    for ecosystem in FAMILY:
        left, right = key(ecosystem, less), key(ecosystem, more)
        assert isinstance(left, str)
        assert isinstance(right, str)
        assert left < right, ecosystem


def test_an_endless_ecosystem_name_does_not_fill_the_answer() -> None:
    told = key("x" * 1_000_000, "1")
    assert isinstance(told, Unorderable)
    assert len(told.reason) < 200


def test_what_is_refused_for_its_size_is_not_kept() -> None:
    version = "1" * (1 << 20)
    before = sys.getrefcount(version)
    for ecosystem in FAMILY:
        key(ecosystem, version)
    assert sys.getrefcount(version) == before


def test_a_reason_cannot_speak_to_the_terminal() -> None:
    told = key("npm", "1\x1b[2J\r\N{RIGHT-TO-LEFT OVERRIDE}")
    assert told == Unorderable(r'"1\x1b[2J\r\u202e" is no semantic version')


@pytest.mark.parametrize("contains", [npm_range.contains, pep440.contains])
def test_endless_ranges_are_refused_and_the_longest_are_read(
    contains: Callable[[str, str], bool | Unorderable],
) -> None:
    for piece in (" ", "||", "1.", ">=1 ", "~", ">= ", "1 - ", "v", "=", "x.", ">=1,", ",", "\n"):
        assert isinstance(contains(piece * 1_000_000, "1.0.0"), Unorderable)
        assert isinstance(contains(piece * (4_000 // len(piece)), "1.0.0"), bool | Unorderable)
