"""Builds that follow a line of versions of their own are compared with that line alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from built_databases import advisory, package, ranged
from matched_packages import found, matched

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.vulns.builds import own_build
from secure.vulns.osv import Affected

RHEL = OsRelease(id="rhel", version_id="8.9")
ORACLE = OsRelease(id="ol", version_id="8.9")
UBUNTU = OsRelease(id="ubuntu", version_id="20.04")
APPSTREAM = "Red Hat:enterprise_linux:8::appstream"
MODULE = "module+el8.9.0+20473+c4e3d824"
NODE = package("rpm", "nodejs", f"18.18.0-1.{MODULE}", epoch="1", modularity="nodejs:18:809:abc")


def of_module(stream: str, fixed: str = "", status: str = "") -> Affected:
    """A statement on nodejs in one stream."""
    bounds = f"introduced 0 fixed {fixed}" if fixed else "introduced 0"
    words = {"status": status} if status else {}
    made = ranged(APPSTREAM, "nodejs", bounds, versions=(), **words)
    return msgspec.structs.replace(made, ecosystem_specific={"module": stream})


def test_what_one_stream_of_a_module_is_not_affected_by_stays_found_in_another(
    tmp_path: Path,
) -> None:
    says = advisory("CVE-2023-1", of_module("nodejs:18", f"1:18.19.0-1.{MODULE}"))
    denies = advisory(
        "RHSA-1", of_module("nodejs:16", status="not_affected"), aliases=["CVE-2023-1"]
    )
    (finding,) = matched(tmp_path, [NODE], says, denies, system=RHEL).vulnerabilities
    assert finding.suppressed is None
    same = advisory("RHSA-1", of_module("nodejs:18", status="not_affected"), aliases=["CVE-2023-1"])
    (taken_back,) = matched(tmp_path, [NODE], says, same, system=RHEL).vulnerabilities
    assert taken_back.suppressed is not None


def test_a_lower_fix_of_another_stream_spares_nothing(tmp_path: Path) -> None:
    one = advisory(
        "CVE-2023-1",
        of_module("nodejs:16", f"1:16.20.2-3.{MODULE}"),
        of_module("nodejs:18", f"1:18.19.0-1.{MODULE}"),
    )
    assert found(tmp_path, [NODE], one, system=RHEL) == ["CVE-2023-1 nodejs"]


def test_a_statement_on_some_versions_takes_nothing_back_from_others(tmp_path: Path) -> None:
    says = advisory("DSA-1-1", ranged("Debian:12", "vim", "introduced 0"), upstream=["CVE-1-1"])
    denies = advisory(
        "CVE-1-1", ranged("Debian:12", "vim", versions=("9.0-2",), status="not_affected")
    )
    (finding,) = matched(tmp_path, [package("deb", "vim", "9.0-1")], says, denies).vulnerabilities
    assert finding.suppressed is None


GNUTLS = package("rpm", "gnutls", "3.6.16-4.0.1.el8_fips", epoch="10")
GLIBC = package("rpm", "glibc", "2.28-236.0.1.ksplice1.el8_9.7", epoch="2")
OPENSSL = package("deb", "openssl", "1.1.1f-1ubuntu2.fips.13")


@pytest.mark.parametrize(
    ("own", "ecosystem", "ordinary_fix", "own_fix", "system"),
    [
        (GNUTLS, "Oracle Linux:8", "3.6.16-8.el8_9.1", "10:3.6.16-8.el8_9.1_fips", ORACLE),
        (
            GLIBC, "Oracle Linux:8", "2.28-236.0.1.el8_9.12",
            "2:2.28-236.0.1.ksplice1.el8_9.12", ORACLE,
        ),
        (
            OPENSSL, "Ubuntu:20.04:LTS", "1.1.1f-1ubuntu2.23", "1.1.1f-1ubuntu2.fips.23", UBUNTU,
        ),
    ],
    ids=["FIPS of Oracle", "ksplice of Oracle", "FIPS of Ubuntu"],
)  # fmt: skip
def test_builds_of_their_own_are_compared_with_their_like_and_else_not_covered(
    tmp_path: Path, own: Package, ecosystem: str, ordinary_fix: str, own_fix: str,
    system: OsRelease,
) -> None:  # fmt: skip
    ordinary = advisory(
        "CVE-1-1", ranged(ecosystem, own.name, f"introduced 0 fixed {ordinary_fix}")
    )
    result = matched(tmp_path, [own], ordinary, system=system)
    assert result.vulnerabilities == ()
    (told,) = result.uncovered
    assert told.packages == (f"{own.name} {own.version}",)
    assert "the fix an ordinary build" in told.why
    like = advisory("CVE-2-2", ranged(ecosystem, own.name, f"introduced 0 fixed {own_fix}"))
    assert found(tmp_path, [own], like, system=system) == [f"CVE-2-2 {own.name}"]
    # One advisory that names both is enough for either.
    both = advisory("CVE-1-1", *(ordinary.affected or ()), *(like.affected or ()))
    covered = matched(tmp_path, [own], both, system=system)
    assert (len(covered.vulnerabilities), covered.uncovered) == (1, ())
    fixed = msgspec.structs.replace(own, version=own_fix.rpartition(":")[2])
    covered = matched(tmp_path, [fixed], both, system=system)
    assert (covered.vulnerabilities, covered.uncovered) == ((), ())


def test_a_fix_for_fips_calls_no_ordinary_package_vulnerable(tmp_path: Path) -> None:
    one = advisory(
        "CVE-1-1", ranged("Oracle Linux:8", "gnutls", "introduced 0 fixed 10:3.6.16-8.el8_fips")
    )
    ordinary = package("rpm", "gnutls", "3.6.16-4.el8")
    result = matched(tmp_path, [ordinary], one, system=ORACLE)
    assert (result.vulnerabilities, result.uncovered) == ((), ())


def test_what_nobody_fixed_is_found_in_builds_for_fips_too(tmp_path: Path) -> None:
    one = advisory("CVE-1-1", ranged("Oracle Linux:8", "gnutls", "introduced 0"))
    assert found(tmp_path, [GNUTLS], one, system=ORACLE) == ["CVE-1-1 gnutls"]


def test_builds_of_their_own_are_known_by_their_versions() -> None:
    assert own_build("3.0.2-0ubuntu1.12+Fips1") == "FIPS"
    assert own_build("2.28-236.0.1.ksplice1.el8_9.7") == "ksplice"
    for ordinary in ("1.0-1.fipscheck", "3.0.7-16.el9_2", "2.1-1ubuntu2"):
        assert own_build(ordinary) == ""


@pytest.mark.parametrize(
    ("qualifiers", "expected"),
    [
        ({}, ["CVE-1-1 bash"]),
        ({"arch": "x86_64"}, ["CVE-1-1 bash"]),
        ({"arch": ["aarch64", "x86_64"]}, ["CVE-1-1 bash"]),
        ({"arch": "noarch"}, ["CVE-1-1 bash"]),
        ({"arch": "aarch64"}, []),
        ({"os": ["windows"]}, []),
        ({"os": ["linux", "windows"]}, ["CVE-1-1 bash"]),
    ],
)
def test_what_concerns_other_processors_or_systems_alone_is_not_found(
    tmp_path: Path, qualifiers: dict[str, object], expected: list[str]
) -> None:
    told = ranged("Oracle Linux:8", "bash", "introduced 0 fixed 9")
    told = msgspec.structs.replace(told, ecosystem_specific=qualifiers)
    bash = package("rpm", "bash", "4.4-1.el8", arch="x86_64")
    assert found(tmp_path, [bash], advisory("CVE-1-1", told), system=ORACLE) == expected
