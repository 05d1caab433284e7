"""How bad a vulnerability is, by vendors' words and by CVSS vectors."""

from __future__ import annotations

import pytest

from secure.vulns.severity import base_score, rated, scores, word, word_of


# The first two are examples of the specifications: CVSS 2 guide 3.3.1, CVSS 3.1 examples.
@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8),
        ("CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3),
    ],
)
def test_a_vector_of_every_version_has_its_base_score(vector: str, score: float) -> None:
    assert base_score(vector) == score


@pytest.mark.parametrize(
    "vector",
    ["", "7.5", "CVSS:3.1/AV:N", "CVSS:4.0/", "CVSS:5.0/AV:N", "AV:N/" * 200, "AV:N\u0660", "\x00"],
)
def test_what_is_no_vector_has_no_score(vector: str) -> None:
    assert base_score(vector) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Important", "high"), ("MODERATE", "medium"), ("low**", "low"), ("unimportant", "info"),
     ("not yet assigned", ""), ("end-of-life", ""), ("", "")],
)  # fmt: skip
def test_the_words_of_vendors_are_one_scale(text: str, expected: str) -> None:
    assert word(text) == expected


def test_version_two_has_no_critical() -> None:
    assert (word_of(10.0, "CVSS_V2"), word_of(10.0, "CVSS_V3")) == ("high", "critical")


def test_the_vendor_of_the_package_is_asked_before_any_score() -> None:
    found = scores([("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "ghsa")])
    assert rated([("low", "debian")], found) == ("low", "debian")
    assert rated([("not yet assigned", "debian")], found) == ("critical", "ghsa, CVSS 3 9.8")
    assert rated([], ()) == ("unknown", "")


def test_the_newest_version_of_cvss_decides_and_all_are_kept() -> None:
    found = scores([
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C", "nvd"),
        ("CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "ghsa"),
        ("CVSS_V3", "broken", "nvd"),
    ])  # fmt: skip
    assert [one.kind for one in found] == ["CVSS_V4", "CVSS_V2"]
    assert rated([], found)[0] == "high"
