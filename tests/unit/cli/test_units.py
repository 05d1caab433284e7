"""Sizes and processor counts."""

from __future__ import annotations

import pytest

from secure.cli.units import count, millicpus, size
from secure.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("1024b", 1024),
        ("512m", 512 << 20),
        ("512M", 512 << 20),
        ("64MiB", 64 << 20),
        ("64mb", 64 << 20),
        ("1.5g", 3 << 29),
        ("2t", 2 << 40),
    ],
)
def test_sizes_are_read_as_docker_reads_them(text: str, expected: int) -> None:
    assert size("--memory", text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "m", "1x", "1e9", "1.2.3g", "\u0661", " ", "1 g", "ib"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--memory"):
        size("--memory", text)


def test_processors_are_thousandths() -> None:
    assert millicpus("--cpus", "1.5") == 1500
    assert millicpus("--cpus", ".5") == 500


@pytest.mark.parametrize("text", ["", "0", "0.001", "two", "1,5", "-1", "inf", "nan"])
def test_what_is_no_number_of_processors_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--cpus"):
        millicpus("--cpus", text)


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "x", "²"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--pids-limit"):
        count("--pids-limit", text)
