"""Advisories and images made to mislead or to stall matching."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_databases import DEBIAN, NOW, advisory, database, image, package, ranged

from secure.facts.files import OsRelease
from secure.vulns.match import Matched, match
from secure.vulns.osv import Advisory


def matched(folder: Path, found: list[str], *advisories: Advisory) -> Matched:
    packages = [package("npm", name, "1.0.0") for name in found]
    with database(folder, *advisories) as opened:
        return match(image(*packages), opened, NOW[:10])


def test_aliases_in_a_cycle_of_a_thousand_are_one_finding(tmp_path: Path) -> None:
    where = ranged("npm", "a", "introduced 0")
    ring = [advisory(f"X-{n}", where, aliases=[f"X-{(n + 1) % 1_000}"]) for n in range(1_000)]
    (finding,) = matched(tmp_path, ["a"], *ring).vulnerabilities
    assert len(finding.matches) == 1_000


def test_an_advisory_that_claims_every_name_joins_only_its_own_package(tmp_path: Path) -> None:
    names = [f"CVE-2024-{n}" for n in range(1, 400)]
    greedy = advisory("X-1", ranged("npm", "mine", "introduced 0"), aliases=names)
    others = [advisory(name, ranged("npm", "a", "introduced 0")) for name in names]
    result = matched(tmp_path, ["a"], greedy, *others)
    assert len(result.vulnerabilities) == 399


def test_a_thousand_intervals_and_listed_versions_end(tmp_path: Path) -> None:
    bounds = [f"introduced {n}.0.0 fixed {n}.5.0" for n in range(2, 1_000)]
    versions = tuple(f"0.0.{n}" for n in range(5_000))
    one = advisory("X-1", ranged("npm", "a", *bounds, versions=versions))
    assert matched(tmp_path, ["a"], one).vulnerabilities == ()


@pytest.mark.parametrize("version", ["9" * 5_000, "\ud800", "1.0\x1b[31m", "0:0:0:0", "~" * 900])
def test_a_version_made_to_break_is_compared_or_named(tmp_path: Path, version: str) -> None:
    one = advisory("CVE-1-1", ranged("Debian:12", "vim", "introduced 0 fixed 2"))
    with database(tmp_path, one) as opened:
        result = match(image(package("deb", "vim", version)), opened, NOW[:10])
    told = [item.why for item in result.uncovered] + [
        match.because for found in result.vulnerabilities for match in found.matches
    ]
    assert all("\x1b" not in text for text in told)


@pytest.mark.parametrize("name", ["", "a\x00b", "\ud800", "a" * 100_000, "' OR 1=1 --"])
def test_a_name_made_to_break_finds_nothing(tmp_path: Path, name: str) -> None:
    one = advisory("CVE-1-1", ranged("npm", "a", "introduced 0"))
    assert matched(tmp_path, [name], one).vulnerabilities == ()


def test_a_release_that_names_another_ecosystem_finds_nothing_of_it(tmp_path: Path) -> None:
    one = advisory("CVE-1-1", ranged("Debian:12", "vim", "introduced 0"))
    with database(tmp_path, one) as opened:
        for system in (OsRelease(id="debian:12"), OsRelease(id="debian", version_id="1"), None):
            result = match(image(package("deb", "vim", "1"), system=system), opened, NOW[:10])
            assert result.vulnerabilities == ()
            assert result.uncovered
        assert match(image(package("deb", "vim", "1"), system=DEBIAN), opened, NOW[:10])
