"""Attacks on the reader of a report: everything an image says is data."""

from __future__ import annotations

import json
import time
from enum import Enum

import msgspec
import pytest
from audit_reports import report
from html_outline import Outline
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.report import audit_json, html
from secure.report.audit_report import AuditReport
from secure.report.markup import text

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "close-everything": "</code></td></tr></table></details></section></main></body></html>",
    "attribute": '" onmouseover="alert(1)" x="',
    "single-quote": "' onmouseover='alert(1)' x='",
    "style": "</style><style>*{display:none}</style>",
    "title": "</title><img src=x onerror=alert(1)>",
    "comment": "<!-- --!> --><!DOCTYPE html><![CDATA[ <?php ?>",
    "entity": "&lt;b&gt;&#60;b&#62;&unknown;&amp",
    "nul": "a\0<\0script\0>b",
    "bidi-override": "user\u202etxt.exe",
    "bidi-isolate": "\u2066\u2069\u200f\u061c",
    "controls": "\x1b[2J\x07\r\n\t\x85\u2028\u2029",
    "zero-width": "ro\u200bot\ufeff\u00ad",
    "tags": "\U000e0041\U000e007f",
    "not-unicode": "\udc80\udcff",
    "unassigned": "\U0010ffff\ufffe",
    "empty": "",
}
INVISIBLE = {
    *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *map(chr, range(0x200B, 0x2010)),
    *map(chr, range(0x2028, 0x202F)), *map(chr, range(0x2060, 0x2070)), "\u061c", "\ufeff",
    "\u00ad",
} - {"\n"}  # fmt: skip


def poison(item: object, attack: str) -> object:
    """`item` with every text in it, at any depth, replaced by `attack`."""
    if isinstance(item, Enum):
        return item
    if isinstance(item, str):
        return attack
    if isinstance(item, tuple):
        return tuple(poison(part, attack) for part in item)
    if isinstance(item, dict):
        return {attack: attack}
    if isinstance(item, msgspec.Struct):
        names = item.__struct_fields__
    elif hasattr(item, "__match_args__") and not isinstance(item, int):
        names = type(item).__match_args__
    else:
        return item
    return type(item)(**{name: poison(getattr(item, name), attack) for name in names})


def poisoned(attack: str, packages: int = 3) -> AuditReport:
    made = poison(report(packages), attack)
    assert isinstance(made, AuditReport)
    return made


HARMLESS = Outline(html.render(poisoned("harmless")).decode()).elements


@pytest.mark.parametrize("name", ATTACKS)
def test_no_text_changes_the_structure_of_the_page(name: str) -> None:
    outline = Outline(html.render(poisoned(ATTACKS[name] + "x")).decode())
    assert outline.elements == HARMLESS
    assert outline.unbalanced == []


@given(st.text(st.characters(codec=None), min_size=1))
@settings(max_examples=40, deadline=None)
def test_no_generated_text_changes_the_structure_of_the_page(attack: str) -> None:
    outline = Outline(html.render(poisoned(attack + "x")).decode())
    assert outline.elements == HARMLESS


@pytest.mark.parametrize("name", ATTACKS)
def test_attributes_never_hold_input(name: str) -> None:
    clean = Outline(html.render(poisoned("harmless")).decode())
    outline = Outline(html.render(poisoned(ATTACKS[name] + "x")).decode())
    marks = {("span", "class", "code")}
    assert set(outline.attributes) - marks == set(clean.attributes) - marks


@pytest.mark.parametrize("name", ATTACKS)
def test_no_invisible_character_reaches_the_reader(name: str) -> None:
    outline = Outline(html.render(poisoned(ATTACKS[name])).decode())
    assert not INVISIBLE & set("".join(outline.text))


def test_an_invisible_character_shows_by_its_number() -> None:
    shown = "".join(Outline(str(text(ATTACKS["bidi-override"]))).text)
    assert shown == "userU+202Etxt.exe"


def test_text_that_looks_like_markup_reads_as_it_was_written() -> None:
    for name in ("script", "attribute", "single-quote", "entity", "comment"):
        assert "".join(Outline(str(text(ATTACKS[name]))).text) == ATTACKS[name]


def test_a_text_of_one_megabyte_is_cut_and_says_so() -> None:
    attack = "\u202e<b>" * 250_000
    rendered = html.render(poisoned(attack))
    assert len(rendered) < 20_000_000
    assert "998,000 more characters" in "".join(Outline(rendered.decode()).text)


def test_five_thousand_packages_take_less_than_two_seconds() -> None:
    large = report(packages=5_000)
    before = time.process_time()
    rendered = html.render(large)
    assert time.process_time() - before < 2
    assert rendered.count(b"lib4999") == 1


@pytest.mark.parametrize("name", ATTACKS)
def test_json_says_exactly_what_came_in(name: str) -> None:
    shown = json.loads(audit_json.render(poisoned(ATTACKS[name])))
    assert shown["title"] == ATTACKS[name]
    assert shown["subjects"][0]["reference"] == ATTACKS[name]


def test_a_secret_that_names_a_history_line_that_is_not_there_is_harmless() -> None:
    for key in ("", "-1", "99999999999", "\u0661", "1" * 5000):
        assert html.render(poisoned(key))
