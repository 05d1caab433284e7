"""The version that a finding names removes every flaw of the package that can be removed."""

from __future__ import annotations

from pathlib import Path

from built_databases import advisory, package, ranged
from matched_packages import matched

from secure.vulns.osv import Advisory

X = package("pypi", "x", "1.0")


def goals(tmp_path: Path, *sources: Advisory) -> set[str]:
    return {one.fix for one in matched(tmp_path, [X], *sources).vulnerabilities}


def flaw(number: int, events: str, *more: str) -> Advisory:
    ranges = [ranged("PyPI", "x", one) for one in (events, *more)]
    return advisory(f"CVE-2024-{number}", *ranges)


def test_one_update_removes_all(tmp_path: Path) -> None:
    one, two = flaw(1, "introduced 0 fixed 1.2"), flaw(2, "introduced 0 fixed 1.10")
    assert goals(tmp_path, one, two) == {"pip install 'x>=1.10'"}


def test_it_leads_into_no_flaw_that_came_later(tmp_path: Path) -> None:
    one, two = flaw(1, "introduced 0 fixed 1.2"), flaw(2, "introduced 1.1 fixed 1.4")
    assert goals(tmp_path, one, two) == {"pip install 'x>=1.4'"}


def test_the_own_branch_comes_before_a_later_one(tmp_path: Path) -> None:
    both = flaw(1, "introduced 0 fixed 1.2", "introduced 2 fixed 2.5")
    assert goals(tmp_path, both) == {"pip install 'x>=1.2'"}


def test_a_branch_that_gets_no_fix_is_left(tmp_path: Path) -> None:
    both = flaw(1, "introduced 0 fixed 1.2", "introduced 2 fixed 2.5")
    left = flaw(2, "introduced 1.1 fixed 2.1")
    assert goals(tmp_path, both, left) == {"pip install 'x>=2.5'"}


def test_what_nothing_fixes_stands_in_the_way_of_nothing(tmp_path: Path) -> None:
    one, two = flaw(1, "introduced 0 fixed 1.2"), flaw(2, "introduced 0 fixed 1.3")
    assert goals(tmp_path, one, two, flaw(3, "introduced 0")) == {"pip install 'x>=1.3'", ""}


def test_without_a_clean_version_each_names_its_own(tmp_path: Path) -> None:
    one, later = flaw(1, "introduced 0 fixed 1.2"), flaw(2, "introduced 1.2")
    assert goals(tmp_path, one, later) == {"pip install 'x>=1.2'"}


def test_statements_that_take_back_are_no_flaws(tmp_path: Path) -> None:
    one = flaw(1, "introduced 0 fixed 1.2")
    spared = advisory(
        "CVE-2024-2", ranged("PyPI", "x", "introduced 1.1 fixed 1.9", status="not_affected")
    )
    assert goals(tmp_path, one, spared) == {"pip install 'x>=1.2'"}
