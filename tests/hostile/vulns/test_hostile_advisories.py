"""Advisories made to break a reader: refused by name, and never at another record's cost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.vulns.osv import Advisory, Affected, Event, Package, Range, Refused, read
from secure.vulns.ranges import State, judge

_GOOD = {"id": "X-1", "modified": "2026-01-01T00:00:00Z"}
_SMALL = Limits(
    advisory_bytes=2_000,
    advisory_packages=3,
    advisory_versions=5,
    advisory_events=4,
    advisory_names=6,
)


def _record(**more: object) -> bytes:
    return json.dumps(_GOOD | more).encode()


def _ranges(count: int) -> list[dict[str, object]]:
    return [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}] * count


@pytest.mark.parametrize(
    ("raw", "id_", "why"),
    [
        (b"", "", "no OSV record"),
        (b"null", "", "no OSV record"),
        (b'{"id": "X-1"', "X-1", "no OSV record"),
        (b'{"id": "X-1"}', "X-1", "modified"),
        (_record(id=""), "", "its id is empty"),
        (_record(id="X-1\x1b[2J"), "", "has characters that no id has"),
        (_record(id="X" * 201), "", "too long"),
        (_record(id=7), "", "Expected `str`"),
        (_record(schema_version="2.0.0"), "X-1", 'schema version is "2.0.0"'),
        (_record(schema_version="latest"), "X-1", 'schema version is "latest"'),
        (_record(aliases=["X-1"]), "X-1", "names itself"),
        (_record(upstream=["CVE-1", "X-1"]), "X-1", "names itself"),
        (_record(aliases=["a"] * 4, related=["b"] * 3), "X-1", "7 aliases, related and upstream"),
        (_record(affected=[{}] * 4), "X-1", "4 affected packages, limit 3"),
        (_record(affected=[{"versions": ["1"] * 3}] * 2), "X-1", "6 versions, limit 5"),
        (_record(affected=[{"ranges": _ranges(3)}]), "X-1", "6 events, limit 4"),
        (_record(affected=[{"versions": [1]}]), "X-1", "at `$.affected[0].versions[0]`"),
        (_record(details="x" * 2_000), "X-1", "more than 2000 bytes"),
        (b'{"id": "X-1", "modified": "x", "summary": "\xff"}', "X-1", "not UTF-8"),
        (b'{"id": "X-1", "modified": "x", "summary": "\\ud800"}', "X-1", "no OSV record"),
        (b'{"id": "X-1", "modified": "x", "database_specific": {"a":' + b"[" * 1_500, "X-1", ""),
    ],
)  # fmt: skip
def test_a_bad_record_is_refused_by_name(raw: bytes, id_: str, why: str) -> None:
    found = read(raw, _SMALL)
    assert isinstance(found, Refused)
    assert found.id == id_
    assert why in found.why
    assert len(found.why) < 300


def test_a_deep_record_is_refused_and_the_next_one_is_read() -> None:
    deep = b'{"id": "X-1", "modified": "x", "extra": ' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"
    found = [read(raw, DEFAULT_LIMITS) for raw in (deep, _record(), deep, _record())]
    assert [type(one) for one in found] == [Refused, Advisory, Refused, Advisory]
    assert found[0] == Refused("X-1", "it is nested too deep")


@pytest.mark.parametrize("version", ["1.0.0", "1.7.5", "1.9", "1.10.0-rc1", None])
def test_minor_versions_of_the_schema_are_read_and_what_they_add_is_skipped(
    version: str | None,
) -> None:
    found = read(_record(schema_version=version, invented={"later": [1, 2]}), DEFAULT_LIMITS)
    assert isinstance(found, Advisory)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_record_or_a_refusal(raw: bytes) -> None:
    assert isinstance(read(raw, DEFAULT_LIMITS), Advisory | Refused)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_record_is_a_record_or_a_refusal(at: int, byte: int) -> None:
    raw = bytearray(_record(affected=[{"package": {"ecosystem": "npm", "name": "x"},
                                       "ranges": _ranges(2), "versions": ["1"]}]))  # fmt: skip
    raw[at % len(raw)] = byte
    assert isinstance(read(bytes(raw), DEFAULT_LIMITS), Advisory | Refused)


def test_five_thousand_intervals_are_walked_once() -> None:
    events = [
        bound
        for n in range(5_000)
        for bound in (Event(introduced=f"{n}.0.0"), Event(fixed=f"{n}.5.0"))
    ]
    affected = Affected(Package("npm", "x"), (Range("SEMVER", tuple(events)),))
    assert judge(affected, "4999.4.0").state is State.AFFECTED
    assert judge(affected, "4999.6.0").state is State.NOT_AFFECTED
