"""A real document of Red Hat's: one flaw of curl, fixed in 9.0 (EUS), 9.2 and 9.3 apart."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from built_databases import package
from matched_packages import matched

from secure.facts.files import OsRelease
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.feeds.redhat_csaf import advisories
from secure.vulns.osv import Advisory

RHEL = OsRelease(id="rhel", version_id="9.2")


@pytest.fixture
def curl(shared: Path) -> Advisory:
    with zipfile.ZipFile(shared / "manifests/redhat-csaf-vex-sample.zip") as archive:
        raw = archive.read("rhel/vex/testdata/cve-2023-38545.json")
    (found,) = advisories(raw, DEFAULT_LIMITS, "2026-01-01T00:00:00Z")
    assert isinstance(found, Advisory)
    return found


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("7.76.1-14.el9_0.8", ("7.76.1-23.el9_2.4", None)),
        ("7.76.1-14.el9_0.9", ("7.76.1-23.el9_2.4", "fixed")),  # by EUS of 9.0
        ("7.76.1-23.el9_2.1", ("7.76.1-23.el9_2.4", None)),
        ("7.76.1-23.el9_2.4", None),
        ("7.76.1-26.el9", ("7.76.1-26.el9_3.2", None)),
        ("7.76.1-26.el9_3.1", ("7.76.1-26.el9_3.2", None)),
        ("7.76.1-26.el9_3.2", None),
    ],
)
def test_each_minor_release_is_fixed_by_its_own_version(
    curl: Advisory, tmp_path: Path, version: str, told: tuple[str, str | None] | None
) -> None:
    found = matched(tmp_path, [package("rpm", "curl", version)], curl, system=RHEL)
    assert [
        (one.fixed[0], one.suppressed.status if one.suppressed else None)
        for one in found.vulnerabilities
    ] == ([told] if told else [])


def test_a_release_that_was_never_affected_has_no_finding(curl: Advisory, tmp_path: Path) -> None:
    older = OsRelease(id="rhel", version_id="8.9")
    installed = package("rpm", "curl", "7.61.1-33.el8")
    assert matched(tmp_path, [installed], curl, system=older).vulnerabilities == ()
