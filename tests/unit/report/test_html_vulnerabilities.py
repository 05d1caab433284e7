"""Known vulnerabilities in the HTML report."""

from __future__ import annotations

import msgspec
from audit_reports import facts, report
from html_outline import Outline
from made_vulnerabilities import FOUND, TAKEN_BACK, compared, vulnerability

from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.report import html
from secure.report.audit_report import Subject

WITH = compared(facts(), *FOUND)


def page(shown: ImageFacts) -> str:
    return html.render(msgspec.structs.replace(report(), subjects=(Subject("a", shown),))).decode()


def words(shown: ImageFacts) -> str:
    return " ".join(" ".join(Outline(page(shown).replace("<wbr>", "")).text).split())


def test_every_column_of_a_finding_is_shown() -> None:
    shown = words(WITH)
    for part in (
        "Vulnerabilities: critical (1)",
        "CVE-2021-44228 Remote code execution in Log4j DSA-2021-44228, GHSA-jfh8-c2jp-5v3q",
        "org.apache.logging.log4j:log4j-core 2.14.1 2.15.0 set the version of",
        "critical ghsa, CVSS 3 10.0 exploited since 2021-12-10 EPSS 97.6%",
        "/var/lib/dpkg/status layer 0",
        "Vulnerabilities: high (2)",
        "not fixed",
        "linux kernel headers",
        "Vulnerabilities: unknown (1)",
    ):
        assert part in shown


def test_what_a_statement_took_back_is_apart_with_its_words() -> None:
    counted, _, taken_back = words(WITH).partition("Vulnerabilities that do not count (1)")
    assert TAKEN_BACK.id not in counted
    for part in (
        "not affected vulnerable code not present",
        "VEX shop.openvex.json, Shop Security",
        "minizip is not built",
    ):
        assert part in taken_back


def test_the_first_glance_counts_what_counts() -> None:
    assert "5 vulnerabilities 3 critical or high, 1 exploited" in words(WITH)
    assert "No known vulnerability in 1 image compared" in words(compared(facts()))


def test_the_first_glance_calls_nothing_good_that_only_the_starter_set_was_asked() -> None:
    starter = msgspec.structs.replace(compared(facts()), vulnerability_starter=True)
    assert "No known vulnerability compared with a starter set only" in words(starter)


def test_what_was_not_compared_is_no_empty_list() -> None:
    blind = msgspec.structs.replace(facts(), vulnerability_source="not used: damaged")
    assert "Not checked (not used: damaged). An empty list here does not mean" in words(blind)
    assert "No known vulnerability" not in words(blind)
    assert "rails 7.0.0 the database has no advisories" in words(WITH)


def test_many_places_are_counted_and_not_listed() -> None:
    (one,) = vulnerability().matches
    matches = tuple(
        msgspec.structs.replace(one, location=Location(f"app/{n}.jar", 1)) for n in range(9)
    )
    shown = words(compared(facts(), vulnerability(matches=matches)))
    assert "/app/4.jar layer 1 and 4 more" in shown
    assert "/app/5.jar" not in shown


def test_a_hostile_name_stays_text() -> None:
    evil = '<script>alert(1)</script>"\u202e\x1b'
    shown = page(compared(facts(), vulnerability(evil, evil, evil, evil, summary=evil)))
    outline = Outline(shown)
    assert "script" not in outline.elements
    assert outline.unbalanced == []
    assert "\u202e" not in shown
    assert "\x1b" not in shown


def test_a_long_name_may_go_on_in_the_next_line_and_is_the_same_text() -> None:
    shown = page(WITH)
    assert "org.<wbr>apache.<wbr>logging.<wbr>log4j:<wbr>log4j-core" in shown
    assert "2.<wbr>" not in shown


def test_long_lists_are_folded_and_short_ones_open() -> None:
    many = [vulnerability(f"CVE-2024-{number}") for number in range(13)]
    opened = page(compared(facts(), *many[:12]))
    folded = page(compared(facts(), *many))
    assert "<details open><summary>Vulnerabilities: high (12)" in opened
    assert "<details><summary>Vulnerabilities: high (13)" in folded


def test_the_same_facts_give_the_same_page() -> None:
    assert page(WITH) == page(compared(facts(), *FOUND))
