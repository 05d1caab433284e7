"""Law: matching costs what is found and what is known of the packages, never the product of both.

Lines that are run are counted, not seconds: the same on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeAlias

import pytest
from built_databases import NOW, advisory, database, image, package, ranged

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.vulns.match import match
from secure.vulns.osv import Advisory

if TYPE_CHECKING:
    from _typeshed import TraceFunction

_SIZES = (60, 120, 240)
ALMA = OsRelease(id="almalinux", version_id="8")
FOCAL = OsRelease(id="ubuntu", version_id="20.04")
KERNEL = package("rpm", "kernel", "4.18.0-1.el8", epoch="0")
LINUX = package("deb", "linux", "5.4.0-1", source="linux")
X = package("pypi", "x", "1")


def lines(work: Callable[[], object]) -> int:
    """How many lines of Python `work` runs; each round of a loop is one at least."""
    count = 0

    def counting(_frame: FrameType, event: str, _argument: object) -> TraceFunction:
        nonlocal count
        count += event == "line"
        return counting

    before = sys.gettrace()
    sys.settrace(counting)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def of_errata(number: int) -> Advisory:
    fixed = ranged("AlmaLinux:8", "kernel", f"introduced 0 fixed 4.18.0-{number + 2}.el8")
    return advisory(f"ALSA-2024:{number}", fixed, related=[f"CVE-2024-{number}"])


def of_subscribers(number: int) -> Advisory:
    everybody = ranged("Ubuntu:20.04:LTS", "linux", "introduced 0")
    fixed = f"introduced 0 fixed 5.4.0-{number + 2}"
    paid = ranged("Ubuntu:Pro:20.04:LTS", "linux", fixed)
    return advisory(f"UBUNTU-CVE-2024-{number}", everybody, paid, upstream=[f"CVE-2024-{number}"])


def of_library(number: int) -> Advisory:
    where = ranged("PyPI", "x", f"introduced 0 fixed {number + 2}")
    return advisory(f"PYSEC-2024-{number}", where, aliases=[f"CVE-2024-{number}"])


_Case: TypeAlias = tuple[Callable[[int], Advisory], Package, OsRelease | None]


@pytest.mark.parametrize(
    "case",
    [(of_errata, KERNEL, ALMA), (of_subscribers, LINUX, FOCAL), (of_library, X, None)],
    ids=["errata of a kernel", "fixes for subscribers", "a library"],
)
def test_twice_the_advisories_on_one_package_cost_twice(tmp_path: Path, case: _Case) -> None:
    make, installed, system = case
    costs = []
    for size in _SIZES:
        (tmp_path / str(size)).mkdir()
        with database(tmp_path / str(size), *map(make, range(size))) as opened:
            facts = image(installed, system=system)
            assert len(match(facts, opened, NOW[:10]).vulnerabilities) == size  # warm
            costs.append(lines(lambda: match(facts, opened, NOW[:10])))  # noqa: B023 - called here
    assert all(1.5 < later / earlier < 2.2 for earlier, later in pairwise(costs)), costs
