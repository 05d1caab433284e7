"""Fixes for subscribers, and for minor releases: told as what they are, never mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest
from built_databases import advisory, package, ranged
from matched_packages import found, matched

from secure.facts.files import OsRelease
from secure.facts.vulnerability import FixState, Mark
from secure.report.vulnerability_table import finding_row
from secure.vulns.build import Tables
from secure.vulns.osv import Affected
from secure.vulns.schema import Lifetime

FOCAL = OsRelease(id="ubuntu", version_id="20.04")
RHEL = OsRelease(id="rhel", version_id="9.2")
ARCHIVE, PRO = "Ubuntu:20.04:LTS", "Ubuntu:Pro:20.04:LTS"
MAIN, EUS = "Red Hat:enterprise_linux:9::baseos", "Red Hat:rhel_eus:9.2::baseos"


@pytest.mark.parametrize(
    "archive",
    [(), (ranged(ARCHIVE, "vim", "introduced 0"),)],
    ids=["the archive says nothing", "the archive has no fix"],
)
def test_a_fix_that_only_subscribers_get_is_told_as_such(
    tmp_path: Path, archive: tuple[Affected, ...]
) -> None:
    fix = ranged(PRO, "vim", "introduced 0 fixed 2:8.1-1ubuntu5.20+esm1")
    one = advisory("UBUNTU-CVE-2025-1", *archive, fix, upstream=["CVE-2025-1"])
    other = advisory("UBUNTU-CVE-1-1", ranged(ARCHIVE, "other", "introduced 0"))
    installed = package("deb", "vim", "2:8.1-1ubuntu5.19")
    (finding,) = matched(tmp_path, [installed], one, other, system=FOCAL).vulnerabilities
    assert finding.fix_state is FixState.PAID
    assert "2:8.1-1ubuntu5.20+esm1 (fixed for subscribers)" in finding_row(finding)
    assert finding.fix.startswith("with a subscription (pro attach TOKEN): apt-get update")


def test_a_fix_in_the_archive_is_for_all_whatever_subscribers_get(tmp_path: Path) -> None:
    one = advisory(
        "CVE-2025-1",
        ranged(ARCHIVE, "vim", "introduced 0 fixed 2:8.1-1ubuntu5.20"),
        ranged(PRO, "vim", "introduced 0 fixed 2:8.1-1ubuntu5.20+esm1"),
    )
    for version, states in (("2:8.1-1ubuntu5.19", [FixState.FIXED]), ("2:8.1-1ubuntu5.20", [])):
        result = matched(tmp_path, [package("deb", "vim", version)], one, system=FOCAL)
        assert [finding.fix_state for finding in result.vulnerabilities] == states


def test_a_package_of_subscribers_is_compared_with_their_fixes_alone(tmp_path: Path) -> None:
    one = advisory(
        "CVE-2025-1",
        ranged(ARCHIVE, "vim", "introduced 0"),
        ranged(PRO, "vim", "introduced 0 fixed 2:8.1-1ubuntu5.20+esm2"),
    )
    older = package("deb", "vim", "2:8.1-1ubuntu5.20+esm1")
    (finding,) = matched(tmp_path, [older], one, system=FOCAL).vulnerabilities
    assert finding.fix_state is FixState.FIXED
    fixed = package("deb", "vim", "2:8.1-1ubuntu5.20+esm2")
    assert found(tmp_path, [fixed], one, system=FOCAL) == []


def test_a_build_for_fips_is_asked_for_where_subscribers_get_it(tmp_path: Path) -> None:
    one = advisory(
        "CVE-2025-1",
        ranged(ARCHIVE, "openssl", "introduced 0 fixed 1.1.1f-1ubuntu2.23"),
        ranged(
            "Ubuntu:Pro:FIPS-updates:20.04:LTS",
            "openssl",
            "introduced 0 fixed 1.1.1f-1ubuntu2.fips.23",
        ),
    )
    older = package("deb", "openssl", "1.1.1f-1ubuntu2.fips.13")
    result = matched(tmp_path, [older], one, system=FOCAL)
    assert [finding.fixed for finding in result.vulnerabilities] == [
        ("1.1.1f-1ubuntu2.fips.23",)
    ]  # fmt: skip
    assert result.uncovered == ()


def test_after_free_support_it_is_said_that_only_subscribers_get_fixes(tmp_path: Path) -> None:
    lifetime = Lifetime("20.04", "focal", "2020-04-23", "2025-05-29", "", "2032-04-23")
    tables = Tables(lifetimes={"Ubuntu:20.04": lifetime})
    archive = advisory("CVE-1-1", ranged(ARCHIVE, "vim", "introduced 0"))
    installed = [package("deb", "vim", "1")]
    result = matched(tmp_path, installed, archive, system=FOCAL, tables=tables)
    (told,) = result.uncovered
    assert told.ecosystem == "Ubuntu:20.04"
    assert "free of charge ended on 2025-05-29" in told.why
    assert "until 2032-04-23" in told.why
    # With the advisories of subscribers, nothing is missing.
    both = advisory("CVE-2-2", ranged(PRO, "vim", "introduced 0 fixed 2+esm1"))
    result = matched(tmp_path, installed, archive, both, system=FOCAL, tables=tables)
    assert result.uncovered == ()
    assert {one.id: one.fix_state for one in result.vulnerabilities} == {
        "CVE-1-1": FixState.NOT_FIXED, "CVE-2-2": FixState.PAID,
    }  # fmt: skip


FIXES = (
    ranged(MAIN, "openssl", "introduced 0 fixed 1:3.0.7-25.el9_3"),
    ranged(EUS, "openssl", "introduced 0 fixed 1:3.0.7-18.el9_2.1"),
)


@pytest.mark.parametrize("one_advisory", [True, False], ids=["one advisory", "an advisory each"])
def test_a_fix_of_the_own_minor_release_counts_though_a_later_one_has_a_higher(
    tmp_path: Path, one_advisory: bool
) -> None:
    told = (
        [advisory("CVE-2023-1", *FIXES)]
        if one_advisory
        else [
            advisory("RHSA-2023:1", FIXES[0], upstream=["CVE-2023-1"]),
            advisory("RHSA-2023:2", FIXES[1], upstream=["CVE-2023-1"]),
        ]
    )

    def openssl(version: str) -> list[str | None]:
        installed = package("rpm", "openssl", version, epoch="1")
        result = matched(tmp_path, [installed], *told, system=RHEL)
        return [one.suppressed.status if one.suppressed else None for one in result.vulnerabilities]

    assert openssl("3.0.7-18.el9_2.1") == ["fixed"]
    assert openssl("3.0.7-17.el9_2") == [None]
    # Of no minor release, or of another: the fix of 9.2 says nothing about it.
    assert openssl("3.0.7-18.el9") == [None]
    assert openssl("3.0.7-18.el9_1.1") == [None]
    assert openssl("3.0.7-25.el9_3") == []


def test_of_several_fixes_in_one_repository_that_of_the_own_minor_release_counts(
    tmp_path: Path,
) -> None:
    one = advisory(
        "CVE-2023-1",
        ranged(MAIN, "openssl", "introduced 0 fixed 1:3.0.7-25.el9_3"),
        ranged(MAIN, "openssl", "introduced 0 fixed 1:3.0.7-18.el9_2.1"),
    )

    def fixes(version: str) -> list[tuple[str, ...]]:
        installed = package("rpm", "openssl", version, epoch="1")
        result = matched(tmp_path, [installed], one, system=RHEL)
        return [finding.fixed for finding in result.vulnerabilities]

    assert fixes("3.0.7-18.el9_2.1") == []
    assert fixes("3.0.7-17.el9_2") == [("1:3.0.7-18.el9_2.1",)]
    assert fixes("3.0.7-24.el9_3") == [("1:3.0.7-25.el9_3",)]  # 9.2's fix is lower, and not in it


def test_what_is_fixed_in_the_own_minor_release_says_where_and_by_which_comparison(
    tmp_path: Path,
) -> None:
    installed = package("rpm", "openssl", "3.0.7-18.el9_2.1", epoch="1")
    result = matched(tmp_path, [installed], advisory("CVE-2023-1", *FIXES), system=RHEL)
    (suppressed,) = [one.suppressed for one in result.vulnerabilities]
    assert suppressed
    assert suppressed.by == "test, CVE-2023-1"
    assert suppressed.statement == (
        f'{EUS}: "1:3.0.7-18.el9_2.1" is not before "1:3.0.7-18.el9_2.1", which fixes it'
    )


def test_a_later_fix_is_marked_where_those_of_the_own_minor_release_are_not_known(
    tmp_path: Path,
) -> None:
    installed = package("rpm", "openssl", "3.0.7-18.el9_2.1", epoch="1")
    for fixes, marks in ((FIXES[:1], (Mark.LATER_MINOR,)), (FIXES, ())):
        one = advisory("CVE-2023-1", *fixes)
        (finding,) = matched(tmp_path, [installed], one, system=RHEL).vulnerabilities
        assert finding.marks == marks


def test_a_statement_on_one_binary_takes_nothing_back_from_another(tmp_path: Path) -> None:
    says = advisory(
        "RHSA-2023:1",
        ranged(MAIN, "openssl", "introduced 0 fixed 3.0.7-25.el9"),
        ranged(MAIN, "openssl-libs", "introduced 0 fixed 3.0.7-25.el9"),
        upstream=["CVE-2023-1"],
    )
    denies = advisory("CVE-2023-1", ranged(MAIN, "openssl", "introduced 0", status="not_affected"))
    both = [
        package("rpm", name, "3.0.7-18.el9", source="openssl")
        for name in ("openssl", "openssl-libs")
    ]
    (finding,) = matched(tmp_path, both, says, denies, system=RHEL).vulnerabilities
    assert finding.suppressed is None
    assert [match.name for match in finding.matches] == ["openssl-libs"]
    (taken_back,) = matched(tmp_path, both[:1], says, denies, system=RHEL).vulnerabilities
    assert taken_back.suppressed
