"""Every JSON keeps the text of an image whole, and shows none of it to a terminal."""

from __future__ import annotations

import json
import unicodedata

import msgspec
import pytest
from bills import full_facts, package
from hypothesis import given
from hypothesis import strategies as st

from secure.facts.image import Unreadable
from secure.report.gitlab import gitlab
from secure.report.image_json import image_json
from secure.report.json_bytes import indented, visible
from secure.report.openvex import openvex
from secure.report.sbom_formats import FORMATS, written
from secure.report.statement import CYCLONEDX, statement

HIDDEN = "\x7f\x9b31m\xad\u061c\u200b\u200f\u2028\u202e\u2066\u2069\ufeff\ufffb\U000e0041"
EVIL = f"exec{HIDDEN}able \xe4\u4e2d\U0001f600"


def unseen(encoded: bytes) -> set[str]:
    """Characters that a terminal obeys, or that nobody sees."""
    text = encoded.decode()
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from(HIDDEN + "a")))
def test_the_text_comes_back_and_nothing_of_it_is_hidden(text: str) -> None:
    encoded = indented({text: [text, {"a": text}]}, 2)
    assert json.loads(encoded) == {text: [text, {"a": text}]}
    assert not unseen(encoded) - {c for c in text if c not in HIDDEN}


def test_text_that_can_be_seen_is_written_as_it_is() -> None:
    plain = msgspec.json.encode("\xe4\u4e2d\U0001f600")
    assert visible(plain) == plain


@pytest.mark.parametrize("name", [form.name for form in FORMATS if form.name.endswith("json")])
def test_no_sbom_hides_text(name: str) -> None:
    facts = full_facts(package("npm", EVIL, "1.0", maintainer=EVIL, homepage=EVIL))
    (form,) = (form for form in FORMATS if form.name == name)
    encoded = written(facts, form)
    assert not unseen(encoded)
    assert EVIL in json.dumps(json.loads(encoded), ensure_ascii=False)
    assert not unseen(statement(facts, encoded, CYCLONEDX))


def test_no_report_hides_text() -> None:
    facts = full_facts(package("npm", EVIL, "1.0"))
    facts = msgspec.structs.replace(facts, unreadable=(Unreadable(EVIL, 0, EVIL),))
    for report in (image_json, gitlab, openvex):
        assert not unseen(report(facts))
