"""What an image says of itself never drives a terminal or breaks a report."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from policy_texts import built_in

from secure.facts.files import FileTag
from secure.facts.plain import plain
from secure.facts.verdict import CI, DENY, Finding, Verdict
from secure.policy.explain import explain_verdict
from secure.policy.judge import judge_image
from secure.policy.rules.image_case import NOW, file, image
from secure.report.sarif import verdict_sarif
from secure.report.table import verdict_table
from secure.report.verdict_json import verdict_json

EVIL = "\x1b[2J\x1b]0;owned\x07\r\nALLOWED\u202e\u2028\x9b31m"


def verdict_about(text: str) -> Verdict:
    finding = Finding("CON006", "high", text, text, text, text, DENY, text, "0" * 32, text)
    return Verdict(DENY, CI, text, text, "0" * 64, (finding,), (text,), NOW, (text,))


@given(st.text(max_size=60))
def test_a_table_without_colour_is_printable_line_by_line(text: str) -> None:
    table = verdict_table(verdict_about(text), color=False, width=80)
    assert all(line.isprintable() for line in table.removesuffix("\n").split("\n"))


def test_a_colour_table_has_no_escape_but_its_own() -> None:
    table = verdict_table(verdict_about(EVIL), color=True, width=80)
    for part in table.split("\x1b[")[1:]:
        assert part.split("m")[0].replace(";", "").isdigit()
    assert "\r" not in table
    assert table.startswith("\x1b[1;31mDENIED")


def test_a_file_name_cannot_forge_a_verdict_line() -> None:
    facts = image(files=(file(f"opt/{EVIL}", FileTag.SETUID),)).facts
    verdict = judge_image(built_in("checklist"), facts, CI, NOW)
    for text in (verdict_table(verdict, color=False, width=80), explain_verdict(verdict)):
        assert not any(line.startswith("ALLOWED") for line in text.split("\n"))
        assert "\x1b" not in text


@given(st.text(max_size=60))
def test_json_and_sarif_are_ascii_and_give_the_text_back(text: str) -> None:
    verdict = verdict_about(text)
    document = verdict_json(verdict)
    assert document.isascii()
    assert json.loads(document)["findings"][0]["at"] == text
    sarif = verdict_sarif(verdict, text)
    assert sarif.isascii()
    run = json.loads(sarif)["runs"][0]
    assert run["results"][0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == text


def test_lone_surrogates_from_file_names_are_reported() -> None:
    verdict = verdict_about("bad\udcffname")
    verdict_table(verdict, color=False, width=80).encode()
    json.loads(verdict_json(verdict))
    verdict_sarif(verdict, "bad\udcffname").encode()


@given(st.text())
def test_plain_text_is_printable_and_printable_text_stays(text: str) -> None:
    assert plain(text).isprintable()
    assert not text.isprintable() or plain(text) == text
