"""Debian's security tracker: what it says of each release, and what is not used."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.feeds.debian_tracker import advisories
from secure.vulns.osv import Advisory, Affected, Reference, Refused
from secure.vulns.ranges import judge

_DAY = "2026-08-22T00:00:00Z"
_RESOLVED: dict[str, object] = {
    "status": "resolved", "repositories": {"bookworm": "3.0.11-1~deb12u2"},
    "fixed_version": "3.0.11-1~deb12u1", "urgency": "not yet assigned",
}  # fmt: skip


def _export(**releases: dict[str, object]) -> dict[str, object]:
    return {
        "openssl": {
            "CVE-2023-5678": {
                "description": "Generating keys takes long", "debianbug": 1055473,
                "scope": "local", "releases": releases,
            }
        }
    }  # fmt: skip


def _read(told: object) -> list[Advisory | Refused]:
    return list(advisories(json.dumps(told).encode(), DEFAULT_LIMITS, _DAY))


def _record(told: object) -> Advisory:
    (record,) = _read(told)
    assert isinstance(record, Advisory), record
    return record


def _affected(**release: object) -> Affected:
    (found,) = _record(_export(bookworm=release)).affected or ()
    return found


def test_a_release_in_which_it_is_resolved_is_affected_before_that_version() -> None:
    record = _record(_export(bookworm=_RESOLVED, sid={**_RESOLVED, "fixed_version": "3.1.4-2"}))
    assert (record.id, record.upstream) == ("DEBIAN-CVE-2023-5678", ("CVE-2023-5678",))
    assert record.details == "Generating keys takes long"
    page = "https://security-tracker.debian.org/tracker/CVE-2023-5678"
    assert record.references == (Reference("ADVISORY", page),)
    (bookworm,) = record.affected or ()
    assert bookworm.package
    assert (bookworm.package.ecosystem, bookworm.package.name) == ("Debian:12", "openssl")
    assert judge(bookworm, "3.0.9-1").fixed == "3.0.11-1~deb12u1"
    assert judge(bookworm, "3.0.11-1~deb12u1").state.value == "not affected"


@pytest.mark.parametrize(
    ("release", "own"),
    [
        ({"status": "resolved", "fixed_version": "0"}, {"status": "not_affected"}),
        ({"status": "undetermined"}, {"status": "under_investigation"}),
        ({"status": "open"}, {"fix_state": "not-fixed"}),
        ({"status": "open", "nodsa_reason": "postponed"}, {"fix_state": "not-fixed"}),
        ({"status": "open", "nodsa_reason": "ignored"}, {"fix_state": "wont-fix"}),
        ({"status": "open", "urgency": "end-of-life"}, {"fix_state": "end-of-life"}),
        ({"status": "open", "urgency": None, "nodsa_reason": None}, {"fix_state": "not-fixed"}),
    ],
)
def test_a_release_without_a_fix_says_why(release: dict[str, object], own: object) -> None:
    assert _affected(**release).database_specific == {"secure": own}


def test_urgencies_are_kept_where_somebody_assigned_one() -> None:
    rated = _affected(status="open", urgency="unimportant")
    assert rated.ecosystem_specific == {"urgency": "unimportant"}
    assert _affected(status="open", urgency="not yet assigned").ecosystem_specific is None


def test_packages_of_one_vulnerability_are_one_record() -> None:
    one = {"releases": {"bookworm": _RESOLVED}}
    record = _record({name: {"CVE-2023-5678": one} for name in ("openssl", "openssl1.1")})
    assert [a.package.name for a in record.affected or () if a.package] == ["openssl", "openssl1.1"]


def test_issues_without_a_name_are_no_records() -> None:
    assert _read({"openssl": {"TEMP-0000000-1A2B3C": {"releases": {"bookworm": _RESOLVED}}}}) == []


@pytest.mark.parametrize(
    ("package", "told", "why"),
    [
        ("openssl", 1, "Expected `object`"),
        ("openssl", {"releases": {"bookworm": 1}}, "Expected `object`"),
        ("../openssl", {"releases": {"bookworm": _RESOLVED}}, "no name of a package"),
        ("openssl", {"releases": {"bookworm": {"status": "fixed"}}}, 'its status is "fixed"'),
        ("openssl", {"releases": {"bookworm": {"status": "resolved"}}}, "version"),
    ],
)
def test_what_is_not_understood_costs_no_other(package: str, told: object, why: str) -> None:
    other = {"CVE-2023-1000": {"releases": {"bookworm": _RESOLVED}}}
    record, refused = _read({"zlib": other, package: {"CVE-2023-1001": told}})
    assert isinstance(refused, Refused)
    assert why in refused.why
    assert isinstance(record, Advisory)


@pytest.mark.parametrize("raw", [b"", b"[]", b"[" * 100_000, b"\xff", b'{"a": 1}', b'{"a'])
def test_what_is_no_export_is_refused(raw: bytes) -> None:
    (refused,) = advisories(raw, DEFAULT_LIMITS, _DAY)
    assert isinstance(refused, Refused)
    assert "no export of the tracker" in refused.why


@given(st.recursive(
    st.none() | st.text(max_size=10) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
))  # fmt: skip
def test_nothing_that_is_said_ends_in_an_error(told: object) -> None:
    for found in _read({"openssl": {"CVE-2023-1000": told}}):
        assert isinstance(found, Advisory | Refused)
