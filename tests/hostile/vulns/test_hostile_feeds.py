"""Feeds in their own forms by somebody who means harm: refused by name, and bounded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.vulns.feeds import alpine_secdb, debian_lists, friendsofphp, rubysec
from secure.vulns.osv import Advisory, Refused

_DAY = "2026-01-01T00:00:00Z"
_SMALL = Limits(advisory_bytes=2_000, advisory_packages=3)
Feed = Callable[[bytes], Iterator[Advisory | Refused]]


def _gems(raw: bytes) -> Iterator[Advisory | Refused]:
    return rubysec.advisories(raw, _SMALL)


def _composer(raw: bytes) -> Iterator[Advisory | Refused]:
    return friendsofphp.advisories(raw, _SMALL, _DAY)


def _debian(raw: bytes) -> Iterator[Advisory | Refused]:
    return debian_lists.advisories(raw, _SMALL)


def _alpine(raw: bytes) -> Iterator[Advisory | Refused]:
    return alpine_secdb.advisories([("main.yaml", raw)], _SMALL, _DAY)


_FEEDS = [_gems, _composer, _debian, _alpine]


def _gem(**more: object) -> bytes:
    data = {"gem": "rack", "date": "2026-01-01", "patched_versions": [">= 1.0"], **more}
    return json.dumps({"path": "gems/rack/CVE-1.yml", "data": data}).encode()


def _php(**more: object) -> bytes:
    branches = {"1.x": {"versions": ["<1.0"]}}
    data = {"title": "t", "reference": "composer://a/b", "branches": branches, **more}
    return json.dumps({"path": "a/b/CVE-1.yaml", "data": data}).encode()


_DSA = b"[01 Jan 2026] DSA-1-1 a - update\n\t{CVE-2026-1}\n\t[bookworm] - a 1.0\n"
_SECDB = (
    b'{"distroversion":"v3.20","packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-1-1"]}}}]}'
)


@pytest.mark.parametrize(
    ("feed", "good"), [(_gems, _gem()), (_composer, _php()), (_debian, _DSA), (_alpine, _SECDB)]
)
def test_a_good_record_is_read(feed: Feed, good: bytes) -> None:
    assert [type(found) for found in feed(good)] == [Advisory]


@pytest.mark.parametrize(
    ("feed", "line", "why"),
    [
        (_gems, b"{", "no rubysec record"),
        (_gems, b"[" * 5_000, "more than 2000 bytes"),
        (_gems, b'{"path": "x", "data": {"gem": "\xff"}}', "no rubysec record"),
        (_gems, _gem(gem="a b"), "characters that no id has"),
        (_gems, _gem(gem="x" * 500), "too long"),
        (_gems, _gem(date="yesterday"), "no day"),
        (_gems, _gem(patched_versions=["~> " + "9" * 190]), "condition"),
        (_gems, _gem(patched_versions=["~> a"]), "condition"),
        (_gems, _gem(patched_versions=["!= 1"]), "the condition"),
        (_gems, _gem(patched_versions=[",".join([">= 1"] * 41)]), "more than 40 conditions"),
        (_gems, _gem(patched_versions=[">= 0"]), "no version is affected"),
        (_composer, b"null", "no FriendsOfPHP record"),
        (_composer, _php(reference="pear://a/b"), "no Composer package"),
        (_composer, _php(branches={"1.x": {"versions": []}}), "without a condition"),
        (_composer, _php(branches={"1.x": {"versions": ["<x y"]}}), "the condition"),
        (_composer, _php(branches={"1.x": {"versions": ["<1"] * 41}}), "more than 40 conditions"),
        (_composer, _php(branches={"1.x": {"versions": [">1.x-dev"]}}), ""),
        (_composer, _php(branches={}), "no version is affected"),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_and_its_neighbours_are_read(
    feed: Feed, line: bytes, why: str
) -> None:
    good = _gem() if feed is _gems else _php()
    before, bad, after = feed(good + b"\n" + line + b"\n" + good)
    assert isinstance(before, Advisory)
    assert isinstance(after, Advisory)
    assert isinstance(bad, Refused)
    assert why in bad.why


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (b"[99 Foo 2026] DSA-2-1 b - update\n", "no advisory begins"),
        (b"[01 Jan 2026] DSA-2-1 b - update\n\t[nosuch] - b 1.0\n", 'release "nosuch"'),
        (
            b"[01 Jan 2026] DSA-2-1 b - update\n\t[bookworm] - b <who-knows>\n",
            'the state "<who-knows>"',
        ),
        (b"[01 Jan 2026] DSA-2-1 b - update\n\tgarbage\n", "the line"),
        (b"[01 Jan 2026] DSA-2-1 b - \xff\xfe\n\t[bookworm] - b " + b"1" * 300 + b"\n", "the line"),
        (b"[01 Jan 2026] DSA-2-1 b - x\n" + b"\t[bookworm] - b 1\n" * 4, "4 affected packages"),
    ],
)
def test_a_bad_advisory_of_debian_costs_no_other(lines: bytes, why: str) -> None:
    before, bad, after = _debian(_DSA + lines + _DSA.replace(b"DSA-1", b"DSA-3"))
    assert isinstance(before, Advisory)
    assert isinstance(after, Advisory)
    assert isinstance(bad, Refused)
    assert why in bad.why


@pytest.mark.parametrize(
    "raw",
    [
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",  # a bomb of aliases
        b"[" * 1_500,
        b"distroversion: v3.20\npackages: 1\n",
        b"distroversion: '../../x'\npackages: []\n",
        b"!!python/object/apply:os.system ['true']\n",
        b"\xff\xfe\x00",
        b"%" * 2_001,
        b'{"distroversion":"v3.20","packages":[{"pkg":{"name":1}}]}',
    ],
)
def test_a_bad_document_of_alpine_is_refused_and_the_next_is_read(raw: bytes) -> None:
    documents = [("bad.yaml", raw), ("good.json", _SECDB)]
    found = list(alpine_secdb.advisories(documents, _SMALL, _DAY))
    assert [type(one) for one in found] == [Refused, Advisory]


def test_a_package_with_a_bad_version_costs_no_other_package() -> None:
    raw = _SECDB.replace(b'"1-r0":', b'"":["CVE-1-2"],"1-r0":')
    assert [type(found) for found in _alpine(raw)] == [Refused, Advisory]


def test_the_real_limits_hold_for_a_document_of_many_packages() -> None:
    entry = '{"pkg":{"name":"p%d","secfixes":{"1-r0":["CVE-1-1"]}}}'
    many = ",".join(entry % number for number in range(20_001))
    raw = f'{{"distroversion":"v3.20","packages":[{many}]}}'.encode()
    (found,) = alpine_secdb.advisories([("main.json", raw)], DEFAULT_LIMITS, _DAY)
    assert found == Refused("ALPINE-CVE-1-1", "20001 affected packages, limit 20000")


@given(st.binary(max_size=400), st.sampled_from(_FEEDS))
def test_no_bytes_end_in_an_exception(raw: bytes, feed: Feed) -> None:
    for found in feed(raw):
        assert isinstance(found, Advisory | Refused)


@given(st.text(max_size=60), st.sampled_from(["patched_versions", "unaffected_versions"]))
def test_no_condition_ends_in_an_exception(text: str, field: str) -> None:
    (found,) = _gems(_gem(**{field: [text]}))
    assert isinstance(found, Advisory | Refused)
    (other,) = _composer(_php(branches={"x": {"versions": [text]}}))
    assert isinstance(other, Advisory | Refused)
