"""Packages held against a database: what is found, why, and what is not covered."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from built_databases import advisory, database, image, package, ranged
from matched_packages import found, matched

from secure.facts.files import OsRelease
from secure.facts.vulnerability import FixState, Mark, Vulnerability
from secure.flows.vulnerabilities import counted
from secure.vulns.build import Tables
from secure.vulns.match import traces
from secure.vulns.osv import Advisory
from secure.vulns.ranges import State
from secure.vulns.schema import Exploited, Lifetime, Probability

ALMA = OsRelease(id="almalinux", version_id="8.5")
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOG4J = package("maven", "log4j-core", "2.14.1", namespace="org.apache.logging.log4j")


def test_a_finding_says_who_says_so_and_by_which_comparison(tmp_path: Path) -> None:
    one = advisory(
        "GHSA-jfh8-c2jp-5v3q",
        ranged("Maven", "org.apache.logging.log4j:log4j-core", "introduced 2.13.0 fixed 2.15.0"),
        aliases=["CVE-2021-44228"],
        severity=CRITICAL,
    )
    tables = Tables(
        kev={"CVE-2021-44228": Exploited(added="2021-12-10")},
        epss=[("CVE-2021-44228", Probability(0.94, 0.99))],
    )
    (finding,) = matched(tmp_path, [LOG4J], one, tables=tables).vulnerabilities
    (source,) = finding.matches
    assert (finding.id, finding.aliases) == ("CVE-2021-44228", ("GHSA-jfh8-c2jp-5v3q",))
    assert (finding.severity, finding.kev, finding.epss) == ("critical", "2021-12-10", 0.94)
    assert (finding.fix_state, finding.fixed) == (FixState.FIXED, ("2.15.0",))
    assert source.interval == "introduced 2.13.0, fixed 2.15.0"
    assert source.because == '"2.14.1" is from "2.13.0" on and before "2.15.0", which fixes it'
    assert finding.fix == "set the version of org.apache.logging.log4j:log4j-core to 2.15.0"


def test_a_malicious_package_is_critical_though_its_record_does_not_say_so(tmp_path: Path) -> None:
    one = advisory("MAL-2024-1", ranged("npm", "left-pat", "introduced 0"))
    (finding,) = matched(tmp_path, [package("npm", "left-pat", "1")], one).vulnerabilities
    assert (finding.id, finding.severity) == ("MAL-2024-1", "critical")


def test_aliases_join_sources_and_cycles_end(tmp_path: Path) -> None:
    where = ranged("PyPI", "x", "introduced 0 fixed 2")
    sources = [
        advisory("PYSEC-2024-1", where, aliases=["GHSA-aaaa-aaaa-aaaa"]),
        advisory("GHSA-aaaa-aaaa-aaaa", where, aliases=["CVE-2024-1", "PYSEC-2024-1"]),
        advisory("GHSA-bbbb-bbbb-bbbb", where, aliases=["CVE-2024-2"]),
    ]
    findings = matched(tmp_path, [package("pypi", "X", "1")], *sources).vulnerabilities
    assert [one.id for one in findings] == ["CVE-2024-1", "CVE-2024-2"]
    assert {one.advisory for one in findings[0].matches} == {"PYSEC-2024-1", "GHSA-aaaa-aaaa-aaaa"}


def test_an_advisory_that_bundles_several_is_a_source_of_each(tmp_path: Path) -> None:
    where = ranged("Debian:12", "openssl", "introduced 0 fixed 3.0.11-1")
    openssl = package("deb", "libssl3", "3.0.9-1", source="openssl", source_version="3.0.9-1")
    assert found(
        tmp_path,
        [openssl],
        advisory("DSA-1-1", where, upstream=["CVE-2023-2", "CVE-2023-1"]),
        advisory("DEBIAN-CVE-2023-1", where, upstream=["CVE-2023-1"]),
    ) == ["CVE-2023-1 openssl", "CVE-2023-2 openssl"]


def test_binaries_of_one_source_are_one_finding_with_every_place(tmp_path: Path) -> None:
    binaries = [
        package("deb", name, "3.0.9-1+b1", source="openssl", source_version="3.0.9-1")
        for name in ("libssl3", "openssl")
    ]
    one = advisory(
        "DEBIAN-CVE-2023-1",
        ranged("Debian:12", "openssl", "introduced 0 fixed 3.0.11-1"),
        upstream=["CVE-2023-1"],
    )
    (finding,) = matched(tmp_path, binaries, one).vulnerabilities
    assert [source.name for source in finding.matches] == ["libssl3", "openssl"]
    assert "apt-get install -y --only-upgrade libssl3" in finding.fix


def test_the_fixed_version_and_every_later_one_is_not_found(tmp_path: Path) -> None:
    one = advisory(
        "CVE-2023-1", ranged("Debian:12", "openssl", "introduced 0 fixed 3.0.11-1~deb12u2")
    )
    for version in ("3.0.11-1~deb12u2", "3.0.11-1", "1:1.0"):
        assert found(tmp_path, [package("deb", "openssl", version)], one) == []
    assert found(tmp_path, [package("deb", "openssl", "3.0.11-1~deb12u1")], one) != []


def test_another_release_of_the_same_distribution_is_not_asked(tmp_path: Path) -> None:
    one = advisory(
        "CVE-2023-1",
        ranged("Debian:11", "openssl", "introduced 0 fixed 9"),
        ranged("Debian:12", "zlib", "introduced 0 fixed 9"),
    )
    assert found(tmp_path, [package("deb", "openssl", "1")], one) == []


def test_withdrawn_advisories_find_nothing(tmp_path: Path) -> None:
    one = advisory("GHSA-1", ranged("npm", "a", "introduced 0"), withdrawn="2026-01-01T00:00:00Z")
    other = advisory("GHSA-2", ranged("npm", "b", "introduced 0"))
    assert found(tmp_path, [package("npm", "a", "1.0.0")], one, other) == []


def test_a_not_affected_statement_suppresses_what_others_say(tmp_path: Path) -> None:
    says = advisory(
        "DSA-1-1", ranged("Debian:12", "vim", "introduced 0 fixed 9.1-1"), upstream=["CVE-2023-1"]
    )
    denies = advisory(
        "DEBIAN-CVE-2023-1",
        ranged("Debian:12", "vim", "introduced 0", status="not_affected"),
        upstream=["CVE-2023-1"],
    )
    (finding,) = matched(tmp_path, [package("deb", "vim", "9.0-1")], says, denies).vulnerabilities
    assert finding.suppressed is not None
    assert (finding.suppressed.status, finding.suppressed.by) == (
        "not_affected",
        "test, DEBIAN-CVE-2023-1",
    )
    assert found(tmp_path, [package("deb", "vim", "9.0-1")], denies) == []


@pytest.mark.parametrize("state", ["wont-fix", "end-of-life", "not-fixed"])
def test_what_the_vendor_will_not_fix_is_marked(tmp_path: Path, state: str) -> None:
    one = advisory("CVE-2023-1", ranged("Debian:12", "vim", "introduced 0", fix_state=state))
    (finding,) = matched(tmp_path, [package("deb", "vim", "9.0-1")], one).vulnerabilities
    assert (finding.fix_state, finding.fix) == (state, "")


def test_the_distribution_decides_of_what_it_packaged(tmp_path: Path) -> None:
    upstream = advisory(
        "PYSEC-1",
        ranged("PyPI", "pyyaml", "introduced 0 fixed 6"),
        ranged("Debian:12", "other", "introduced 0"),
    )
    part = package("pypi", "PyYAML", "5.3", owner="pkg:deb/debian/python3-yaml@5.3-1")
    (finding,) = matched(tmp_path, [part], upstream).vulnerabilities
    assert finding.suppressed is not None
    assert finding.suppressed.by == "pkg:deb/debian/python3-yaml@5.3-1"
    # Another copy, which no package owns, stays a finding: the distribution speaks of its own.
    (kept,) = matched(tmp_path, [part, package("pypi", "PyYAML", "5.3")], upstream).vulnerabilities
    assert (kept.suppressed, len(kept.matches)) == (None, 1)
    # Of a distribution that the database does not know, upstream's word is the only one.
    unknown = OsRelease(id="slackware")
    (kept,) = matched(tmp_path, [part], upstream, system=unknown).vulnerabilities
    assert (kept.suppressed, kept.marks) == (None, (Mark.OWNED,))


def test_perl_errno_is_not_found_for_the_epoch_of_perl(tmp_path: Path) -> None:
    fix = [
        ranged("AlmaLinux:8", "perl", "introduced 0 fixed 4:5.26.3-420.el8"),
        ranged("AlmaLinux:8", "perl-Errno", "introduced 0 fixed 1.28-420.el8"),
    ]
    one = advisory("ALSA-2021:1", *fix, related=["CVE-2020-10543"])
    errno = package(
        "rpm", "perl-Errno", "1.28-420.el8", source="perl", source_version="5.26.3-420.el8"
    )
    assert found(tmp_path, [errno], one, system=ALMA) == []
    older = package(
        "rpm", "perl-Errno", "1.28-416.el8", source="perl", source_version="5.26.3-416.el8"
    )
    assert found(tmp_path, [older], one, system=ALMA) == ["CVE-2020-10543 perl"]


def test_the_epoch_of_a_source_that_is_not_told_is_not_guessed(tmp_path: Path) -> None:
    one = advisory("CVE-2020-1", ranged("Azure Linux:3", "perl", "introduced 0 fixed 4:5.26.3-420"))
    azure = OsRelease(id="azurelinux", version_id="3.0")
    errno = package("rpm", "perl-Errno", "1.28-420", source="perl", source_version="5.26.3-420")
    assert found(tmp_path, [errno], one, system=azure) == []
    older = package("rpm", "perl-Errno", "1.28-416", source="perl", source_version="5.26.3-416")
    assert found(tmp_path, [older], one, system=azure) == ["CVE-2020-1 perl"]


MODULE = "module_el8.4.0+2396+b2b60bb5"


def test_a_package_of_a_module_is_compared_with_its_module_alone(tmp_path: Path) -> None:
    plain = advisory(
        "ALSA-1",
        ranged("AlmaLinux:8", "nodejs", "introduced 0 fixed 1:20.0.0-1.el8"),
        related=["CVE-1-1"],
    )
    module = advisory(
        "ALSA-2",
        ranged("AlmaLinux:8", "nodejs", f"introduced 0 fixed 1:18.18.2-1.{MODULE}"),
        related=["CVE-2-2"],
    )
    other = advisory(
        "ALSA-3",
        ranged("AlmaLinux:8", "nodejs", f"introduced 0 fixed 1:20.9.0-1.{MODULE}"),
        related=["CVE-3-3"],
    )
    node = package(
        "rpm", "nodejs", f"18.12.0-1.{MODULE}", epoch="1", modularity="nodejs:18:80400:abc"
    )
    assert found(tmp_path, [node], plain, module, other, system=ALMA) == ["CVE-2-2 nodejs"]
    ordinary = package("rpm", "nodejs", "18.12.0-1.el8", epoch="1")
    assert found(tmp_path, [ordinary], plain, module, other, system=ALMA) == ["CVE-1-1 nodejs"]


def test_one_of_several_builds_of_a_module_with_the_fix_is_enough(tmp_path: Path) -> None:
    one = advisory(
        "ALSA-1",
        ranged(
            "AlmaLinux:8", "perl-Errno", "introduced 0 fixed 1.25-404.module_el8.1.0+6019+b22674e1"
        ),
        ranged(
            "AlmaLinux:8", "perl-Errno", "introduced 0 fixed 1.25-404.module_el8.4.0+2396+b2b60bb5"
        ),
        related=["CVE-1-1"],
    )
    built = package(
        "rpm", "perl-Errno", "1.25-404.module_el8.1.0+6019+b22674e1", modularity="perl:5.24:1:a"
    )
    assert found(tmp_path, [built], one, system=ALMA) == []


def test_what_is_related_is_no_name_of_a_flaw_in_a_language_package(tmp_path: Path) -> None:
    one = advisory("GHSA-1", ranged("npm", "a", "introduced 0"), related=["CVE-1-1"])
    assert found(tmp_path, [package("npm", "a", "1.0.0")], one) == ["GHSA-1 a"]


def test_updates_without_a_security_fix_are_no_vulnerability(tmp_path: Path) -> None:
    one = advisory("ALBA-2020:1", ranged("AlmaLinux:8", "bash", "introduced 0 fixed 9"))
    assert found(tmp_path, [package("rpm", "bash", "4.4-1.el8")], one, system=ALMA) == []


def test_kernel_headers_are_marked(tmp_path: Path) -> None:
    one = advisory("CVE-2023-1", ranged("Debian:12", "linux", "introduced 0 fixed 6.2"))
    headers = package("deb", "linux-libc-dev", "6.1", source="linux")
    (finding,) = matched(tmp_path, [headers], one).vulnerabilities
    assert finding.marks == (Mark.KERNEL_HEADERS,)
    # A kernel beside them is one that somebody may start.
    kernel = package("deb", "linux-image-6.1.0-18-amd64", "6.1", source="linux")
    (finding,) = matched(tmp_path, [headers, kernel], one).vulnerabilities
    assert finding.marks == ()


@pytest.mark.parametrize(
    ("told", "marks"),
    [
        ({"details": "** DISPUTED ** A parser of x"}, (Mark.DISPUTED,)),
        ({"database_specific": {"isDisputed": True}}, (Mark.DISPUTED,)),
        ({"details": "A parser of x", "database_specific": {"isDisputed": "no"}}, ()),
    ],
)
def test_a_flaw_that_is_disputed_is_marked_whoever_tells_of_it(
    tmp_path: Path, told: dict[str, object], marks: tuple[Mark, ...]
) -> None:
    range_of_a = ranged("PyPI", "a", "introduced 0 fixed 2")
    one = msgspec.structs.replace(advisory("PYSEC-1", range_of_a, aliases=["CVE-2023-1"]), **told)
    other = advisory("GHSA-1", range_of_a, aliases=["CVE-2023-1"])
    (finding,) = matched(tmp_path, [package("pypi", "a", "1")], one, other).vulnerabilities
    assert (finding.id, finding.marks) == ("CVE-2023-1", marks)
    assert bool(counted([finding], frozenset((finding.severity,)))) is not bool(marks)


def test_what_could_not_be_matched_is_listed_with_the_reason(tmp_path: Path) -> None:
    one = advisory(
        "CVE-1-1",
        ranged("npm", "a", "introduced 0"),
        ranged("Debian:12", "vim", "introduced 0"),
    )
    packages = [
        package("gem", "rails", "7.0"),
        package("npm", "a", "not a version"),
        package("deb", "vim", "9"),
    ]
    result = matched(tmp_path, packages, one, system=OsRelease(id="debian"))
    told = {(item.ecosystem, item.packages): item.why for item in result.uncovered}
    assert "no advisories for RubyGems" in told["RubyGems", ("rails 7.0",)]
    assert "not a version" in told["npm", ("a not a version",)]
    assert "testing and unstable" in told["debian", ("vim 9",)]
    assert result.vulnerabilities == ()


def test_a_program_of_a_compared_package_is_not_listed_as_uncovered(tmp_path: Path) -> None:
    one = advisory("CVE-1-1", ranged("Debian:12", "other", "introduced 0"))
    program = package("generic", "busybox", "1.35", owner="pkg:deb/debian/busybox@1.35-4")
    assert matched(tmp_path, [program], one).uncovered == ()
    assert matched(tmp_path, [package("generic", "busybox", "1.35")], one).uncovered != ()


def test_a_release_without_support_says_so_and_what_is_open_stays_open(tmp_path: Path) -> None:
    one = advisory("CVE-1-1", ranged("Debian:12", "vim", "introduced 0"))
    tables = Tables(
        lifetimes={
            "Debian:12": Lifetime("12", "bookworm", "2023-06-10", "2026-06-10", "2026-06-30")
        }
    )
    result = matched(tmp_path, [package("deb", "vim", "9")], one, tables=tables)
    assert [item.fix_state for item in result.vulnerabilities] == [FixState.END_OF_LIFE]
    assert "support ended on 2026-06-30" in result.uncovered[0].why


def test_findings_are_in_order_of_risk(tmp_path: Path) -> None:
    def npm(identifier: str, vector: str = "") -> Advisory:
        return advisory(identifier, ranged("npm", "a", "introduced 0 fixed 2.0.0"), severity=vector)

    low = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
    tables = Tables(
        kev={"CVE-3": Exploited(added="2024-01-01")}, epss=[("CVE-4", Probability(0.5, 0.9))]
    )
    result = matched(
        tmp_path, [package("npm", "a", "1.0.0")],
        npm("CVE-1", low), npm("CVE-2", CRITICAL), npm("CVE-3", low), npm("CVE-4", CRITICAL),
        npm("CVE-5"), tables=tables,
    )  # fmt: skip
    assert [one.id for one in result.vulnerabilities] == [
        "CVE-3",
        "CVE-4",
        "CVE-2",
        "CVE-5",
        "CVE-1",
    ]


def test_headers_come_after_what_can_run_even_if_their_kernel_is_exploited(tmp_path: Path) -> None:
    kernel = advisory("CVE-1", ranged("Debian:12", "linux", "introduced 0"), severity=CRITICAL)
    other = advisory("CVE-2", ranged("Debian:12", "vim", "introduced 0"))
    tables = Tables(kev={"CVE-1": Exploited(added="2024-01-01")})
    installed = [
        package("deb", "linux-libc-dev", "6.1", source="linux"),
        package("deb", "vim", "9"),
    ]
    result = matched(tmp_path, installed, kernel, other, tables=tables)
    assert [one.id for one in result.vulnerabilities] == ["CVE-2", "CVE-1"]
    assert counted(result.vulnerabilities, frozenset(("critical",))) == []


def test_a_comparison_that_finds_nothing_can_be_shown_too(tmp_path: Path) -> None:
    one = advisory("CVE-2023-1", ranged("Debian:12", "openssl", "introduced 0 fixed 3.0.11-1"))
    with database(tmp_path, one) as opened:
        facts = image(package("deb", "openssl", "3.0.11-1"), package("deb", "zlib", "1"))
        (trace,) = traces(facts, opened, "CVE-2023-1")
    assert trace.judged.state is State.NOT_AFFECTED
    assert trace.judged.because == '"3.0.11-1" is not before "3.0.11-1", which fixes it'
    assert trace.interval == "introduced 0, fixed 3.0.11-1"


def test_a_fix_of_a_hostile_name_is_no_command(tmp_path: Path) -> None:
    name = "a; rm -rf /"
    one = advisory("CVE-1-1", ranged("npm", name, "introduced 0 fixed 2.0.0"))
    finding: Vulnerability
    (finding,) = matched(tmp_path, [package("npm", name, "1.0.0")], one).vulnerabilities
    assert finding.fix == 'update "a; rm -rf /" to "2.0.0"'
