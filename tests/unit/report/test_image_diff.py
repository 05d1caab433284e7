"""What a new image fixes and brings."""

from __future__ import annotations

import json

import msgspec
from built_databases import image, package
from hypothesis import given
from hypothesis import strategies as st
from made_vulnerabilities import vulnerability

from secure.facts.image import ImageFacts
from secure.facts.vulnerability import Suppression, Uncovered, Vulnerability
from secure.report.image_diff import diff_json, diff_table, image_difference
from secure.report.vulnerability_diff import Change, VulnerabilityChange, vulnerability_changes

DENIED = Suppression("not_affected", "VEX a.json, Team", "vulnerable_code_not_present")


def side(
    versions: dict[str, str], *found: Vulnerability, reference: str = "app.tar", **more: object
) -> ImageFacts:
    """An image of Debian packages and findings, compared with a database."""
    packages = (
        package("deb", name, version, namespace="debian", purl=f"pkg:deb/debian/{name}@{version}")
        for name, version in versions.items()
    )
    made = msgspec.structs.replace(
        image(*packages),
        reference=reference,
        vulnerability_data="2026-11-24T00:00:00Z",
        vulnerability_source="9 advisories of test",
        vulnerabilities=found,
    )
    return msgspec.structs.replace(made, **more)


OLD = side(
    {"openssl": "1", "curl": "1", "tar": "1", "zlib": "1"},
    vulnerability("CVE-2024-1", "openssl", "1", "2"),
    vulnerability("CVE-2024-2", "curl", "1", "2", severity="critical", kev="2024-05-01"),
    vulnerability("CVE-2024-3", "tar", "1", ""),
    vulnerability("CVE-2024-4", "zlib", "1", ""),
    reference="old.tar",
)
NEW = side(
    {"openssl": "2", "tar": "1", "zlib": "1", "bash": "5"},
    vulnerability("CVE-2024-5", "bash", "5", "6", severity="medium"),
    vulnerability("CVE-2024-3", "tar", "1", ""),
    vulnerability("CVE-2024-4", "zlib", "1", "", suppressed=DENIED),
    reference="new.tar",
)


def changes(before: ImageFacts, after: ImageFacts) -> dict[str, Change]:
    return {one.vulnerability.id: one.change for one in vulnerability_changes(before, after)}


def test_new_fixed_taken_back_and_unchanged_are_told_apart() -> None:
    assert changes(OLD, NEW) == {
        "CVE-2024-5": Change.NEW,
        "CVE-2024-1": Change.FIXED,
        "CVE-2024-2": Change.FIXED,
        "CVE-2024-4": Change.TAKEN_BACK,
        "CVE-2024-3": Change.UNCHANGED,
    }


def test_the_table_shows_what_changed_and_counts_what_did_not() -> None:
    assert diff_table(image_difference(OLD, NEW)).splitlines() == [
        "before  old.tar",
        "after   new.tar",
        "",
        "packages",
        "  + deb      bash  5",
        "  - deb      curl  1",
        "  ~ deb      openssl  1 -> 2",
        "",
        "  1 added, 1 removed, 1 changed",
        "",
        "new vulnerabilities (1)",
        "  medium  CVE-2024-5  bash  none -> 5  fixed in 6",
        "",
        "fixed vulnerabilities (2)",
        "  high      CVE-2024-1  openssl  1 -> 2",
        "  critical  CVE-2024-2  curl     1 -> none  exploited since 2024-05-01",
        "",
        "taken back vulnerabilities (1)",
        "  high  CVE-2024-4  zlib  1 -> 1  vulnerable_code_not_present (VEX a.json, Team)",
        "",
        "vulnerabilities: 1 new, 2 fixed, 1 taken back, 1 unchanged",
        "vulnerabilities: compared with 9 advisories of test of 2026-11-24",
    ]


def test_the_json_form_has_every_change_with_its_versions() -> None:
    document = json.loads(diff_json(image_difference(OLD, NEW)))
    assert document["schema"].endswith("/image-diff/1")
    assert document["compared"] is True
    assert {one["kind"]: one["name"] for one in document["packages"]} == {
        "added": "bash", "removed": "curl", "changed": "openssl",
    }  # fmt: skip
    (found,) = [one for one in document["vulnerabilities"] if one["id"] == "CVE-2024-1"]
    assert (found["change"], found["before"], found["after"]) == ("fixed", ["1"], ["2"])
    assert diff_json(image_difference(OLD, NEW)) == diff_json(image_difference(OLD, NEW))


def test_a_package_that_nothing_could_be_compared_with_is_not_fixed() -> None:
    blind = side({"openssl": "1"}, uncovered=(Uncovered("deb", ("openssl 1",), "unknown release"),))
    found = changes(OLD, blind)
    assert found["CVE-2024-1"] is Change.NOT_CHECKED
    assert found["CVE-2024-2"] is Change.FIXED
    table = diff_table(image_difference(OLD, blind))
    assert "not compared after: deb; openssl 1; unknown release" in table


def test_what_is_missing_in_an_image_that_was_not_read_whole_is_not_fixed() -> None:
    broken = side({"openssl": "2"}, complete=False)
    found = changes(OLD, broken)
    assert found["CVE-2024-2"] is Change.NOT_CHECKED
    assert found["CVE-2024-1"] is Change.FIXED
    assert "after is incomplete" in diff_table(image_difference(OLD, broken))


def test_without_a_comparison_there_is_no_count() -> None:
    blind = side({"openssl": "1"}, vulnerability_data="", vulnerability_source="not used: damaged")
    found = image_difference(OLD, blind)
    assert (found.compared, found.vulnerabilities) == (False, ())
    table = diff_table(found)
    assert " fixed" not in table
    assert "vulnerabilities: not checked (not used: damaged)" in table


def test_a_name_in_common_is_enough_to_be_the_same_vulnerability() -> None:
    before = side({"tar": "1"}, vulnerability("GHSA-aaaa", "tar", "1", "", aliases=("CVE-2024-3",)))
    after = side({"tar": "1"}, vulnerability("CVE-2024-3", "tar", "1", ""))
    assert changes(before, after) == {"CVE-2024-3": Change.UNCHANGED}


def test_vulnerabilities_of_one_erratum_are_told_apart() -> None:
    """DSA-5332-1 is about six: none of them is another, and a new one is not hidden."""

    def of_erratum(cve: str, version: str) -> Vulnerability:
        made = vulnerability(cve, "git", version, "3")
        matches = tuple(msgspec.structs.replace(m, advisory="DSA-1-1") for m in made.matches)
        return msgspec.structs.replace(made, matches=matches)

    before = side({"git": "1"}, of_erratum("CVE-2024-1", "1"), of_erratum("CVE-2024-2", "1"))
    after = side({"git": "2"}, of_erratum("CVE-2024-2", "2"), of_erratum("CVE-2024-3", "2"))
    assert changes(before, after) == {
        "CVE-2024-1": Change.FIXED,
        "CVE-2024-2": Change.UNCHANGED,
        "CVE-2024-3": Change.NEW,
    }


def test_another_release_of_the_distribution_is_the_same_distribution() -> None:
    after = side({"tar": "1"}, vulnerability("CVE-2024-3", "tar", "1", "", ecosystem="Debian:13"))
    assert changes(OLD, after)["CVE-2024-3"] is Change.UNCHANGED


def test_a_statement_that_is_gone_makes_a_finding_new() -> None:
    assert changes(NEW, OLD)["CVE-2024-4"] is Change.NEW


def test_a_hostile_name_stays_on_its_line() -> None:
    evil = "x\n\x1b[31mnew vulnerabilities (0)"
    after = side({evil: "1"}, vulnerability("CVE-2024-9", evil, "1", ""), reference=evil)
    table = diff_table(image_difference(OLD, after))
    assert "\x1b" not in table
    assert table.count("\nnew vulnerabilities") == 1


FOUND = st.lists(
    st.builds(
        vulnerability,
        st.sampled_from(["CVE-2024-1", "CVE-2024-2", "CVE-2024-3"]),
        st.sampled_from(["openssl", "tar"]),
        st.sampled_from(["1", "2"]),
    ),
    max_size=5,
)


@given(FOUND, FOUND)
def test_what_one_way_is_new_is_fixed_the_other_way(
    older: list[Vulnerability], newer: list[Vulnerability]
) -> None:
    before, after = side({}, *older), side({}, *newer)
    there, back = vulnerability_changes(before, after), vulnerability_changes(after, before)

    def placed(found: tuple[VulnerabilityChange, ...], change: Change) -> set[str]:
        return {one.vulnerability.place for one in found if one.change is change}

    assert placed(there, Change.NEW) == placed(back, Change.FIXED)
    assert placed(there, Change.UNCHANGED) == placed(back, Change.UNCHANGED)
    assert {o.change for o in vulnerability_changes(before, before)} <= {Change.UNCHANGED}
