"""Every OSV record in shared/data/osv is read, and says of its own versions what it should."""

from __future__ import annotations

import json
import lzma
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.osv import Advisory, Affected, read
from secure.vulns.ranges import State, judge

_FEEDS = ["almalinux", "crates-rustsec", "ghsa-maven-mixed", "go-vulndb", "pypi-pysec"]
# Records that contradict themselves: a version that is listed, or begins another interval, is also
# named as a fix. Being affected wins.
_BOTH = {
    ("PYSEC-2021-114", "2.11.6"), ("PYSEC-2022-236", "3.1.1"), ("PYSEC-2022-42972", "0.13.0"),
    ("PYSEC-2023-177", "23.9.0"), ("PYSEC-2023-72", "3.1.1"), ("PYSEC-2023-72", "3.2.0"),
}  # fmt: skip
# Records that list versions before their own first or after their own fix.
_LISTED_OUTSIDE = {"GHSA-f4qf-m5gf-8jm8", "PYSEC-2021-114", "PYSEC-2023-177", "PYSEC-2023-61"}
# Intervals without a version: "introduced" and "fixed" are the same.
_EMPTY = {
    ("RUSTSEC-2022-0012", "0.10.0"), ("RUSTSEC-2023-0039", "1.2.0"),
    ("RUSTSEC-2024-0399", "0.23.0"), ("RUSTSEC-2026-0149", "45.0.0"),
}  # fmt: skip


@pytest.fixture(scope="module", params=_FEEDS)
def feed(request: pytest.FixtureRequest, shared: Path) -> list[Advisory]:
    """All records of one feed; a refused one fails here."""
    lines = lzma.decompress((shared / "osv" / f"{request.param}.jsonl.xz").read_bytes())
    found = [read(line, DEFAULT_LIMITS) for line in lines.splitlines()]
    records = [record for record in found if isinstance(record, Advisory)]
    assert [record for record in found if not isinstance(record, Advisory)] == []
    return records


def _bounds(record: Advisory, kind: str) -> Iterator[tuple[Affected, str]]:
    for affected in record.affected or ():
        for bounds in affected.ranges or ():
            if bounds.type != "GIT":
                written = (getattr(event, kind) for event in bounds.events)
                yield from ((affected, version) for version in written if version)


def test_every_listed_version_is_affected(feed: list[Advisory]) -> None:
    for record in feed:
        for affected in record.affected or ():
            for version in (affected.versions or ())[:2]:
                assert judge(affected, version).state is State.AFFECTED, (record.id, version)


def test_every_listed_version_lies_in_the_ranges_too(feed: list[Advisory]) -> None:
    # The lists come from the registries, the ranges from people: 170,000 comparisons to agree on.
    outside = set()
    for record in feed:
        for affected in record.affected or ():
            ranges = tuple(found for found in affected.ranges or () if found.type != "GIT")
            alone = Affected(affected.package, ranges)
            for version in (affected.versions or ()) if ranges else ():
                if judge(alone, version).state is not State.AFFECTED:
                    outside.add(record.id)
    assert outside <= _LISTED_OUTSIDE


def test_no_fixed_version_is_affected(feed: list[Advisory]) -> None:
    for record in feed:
        for affected, version in _bounds(record, "fixed"):
            expected = (record.id, version) in _BOTH
            found = judge(affected, version).state
            assert found is (State.AFFECTED if expected else State.NOT_AFFECTED), (
                record.id,
                version,
            )


def test_first_and_last_affected_versions_are_affected(feed: list[Advisory]) -> None:
    for record in feed:
        for kind in ("introduced", "last_affected"):
            for affected, version in _bounds(record, kind):
                expected = version != "0" and (record.id, version) not in _EMPTY
                if expected:
                    assert judge(affected, version).state is State.AFFECTED, (record.id, version)


def test_a_fix_that_is_named_is_no_affected_version(feed: list[Advisory]) -> None:
    for record in feed:
        for affected, version in _bounds(record, "introduced"):
            fixed = judge(affected, version).fixed if version != "0" else None
            if fixed and (record.id, fixed) not in _BOTH:
                assert judge(affected, fixed).state is State.NOT_AFFECTED, (record.id, fixed)


def test_records_with_cycles_and_strange_ecosystems_are_read(shared: Path) -> None:
    with zipfile.ZipFile(shared / "manifests" / "osv-dev-testdata.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".json")]
        raws = [archive.read(name) for name in names]
    assert len(raws) == 26
    for raw in raws:
        record = read(raw, DEFAULT_LIMITS)
        assert isinstance(record, Advisory)
        assert record.id == json.loads(raw)["id"]
