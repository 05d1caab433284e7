"""Feeds in their own forms: how much of the real ones is read, and that it says what they say."""

from __future__ import annotations

import json
import lzma
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.feeds import alpine_secdb, debian_lists, friendsofphp, rubysec
from secure.vulns.osv import Advisory, Affected, Refused
from secure.vulns.ranges import State, judge

_DAY = "2026-08-22T00:00:00Z"


def _split(found: list[Advisory | Refused]) -> tuple[dict[str, Advisory], list[Refused]]:
    records = [record for record in found if isinstance(record, Advisory)]
    by_id = {record.id: record for record in records}
    assert len(by_id) == len(records)  # no id twice
    return by_id, [record for record in found if isinstance(record, Refused)]


def _only(record: Advisory) -> Affected:
    (affected,) = record.affected or ()
    return affected


def _state(affected: Affected, version: str) -> str:
    return judge(affected, version).state.value


def _native(shared: Path, name: str) -> bytes:
    return lzma.decompress((shared / "osv" / f"{name}.native.jsonl.xz").read_bytes())


def test_rubysec_is_read_but_for_interpreters(shared: Path) -> None:
    raw = _native(shared, "rubygems-rubysec")
    records, refused = _split(list(rubysec.advisories(raw, DEFAULT_LIMITS)))
    assert len(records) == 1232
    whys = Counter(one.why.partition(",")[0] for one in refused)
    assert whys == {
        'it is on the interpreter "ruby"': 92,
        'it is on the interpreter "mruby"': 42,
        'it is on the interpreter "jruby"': 9,
        'it is on the interpreter "mrubyc"': 3,
        'it is on the interpreter "rbx"': 1,
        # Conditions that exclude each other: between them they allow every version.
        "by its conditions no version is affected": 2,
    }


def test_patched_gems_are_not_affected_and_their_predecessors_are(shared: Path) -> None:
    raw = _native(shared, "rubygems-rubysec")
    records, _ = _split(list(rubysec.advisories(raw, DEFAULT_LIMITS)))
    compared = 0
    for line in raw.splitlines():
        told = json.loads(line)
        data = told["data"]
        record = records.get(f"RUBYSEC-{data.get('gem')}-{Path(told['path']).stem}")
        if record is None:
            continue
        affected = _only(record)
        for condition in data.get("patched_versions") or ():
            version = re.findall(r"[\w.\-]+", condition)[-1]
            if re.search(r"(>=|~>)[^,]+$", condition):
                compared += 1
                assert judge(affected, version).state is State.NOT_AFFECTED, (record.id, version)
        events = [event for found in affected.ranges or () for event in found.events]
        for event in events:
            if event.introduced not in (None, "0"):
                assert judge(affected, event.introduced or "").state is State.AFFECTED, record.id
    assert compared > 1850


@pytest.mark.parametrize(
    ("known", "versions"),
    [
        # ~> 4.2.11, >= 4.2.11.1; ~> 5.0.7, >= 5.0.7.2; …; >= 6.0.0.beta3
        ("RUBYSEC-actionview-CVE-2019-5418", {
            "4.2.11": "affected", "4.2.11.1": "not affected", "4.2.12": "not affected",
            "4.3.0": "affected", "5.0.7.1": "affected", "5.0.7.2": "not affected",
            "6.0.0.beta2": "affected", "6.0.0.beta3": "not affected",
        }),
        # >= 1.7.0; unaffected <= 1.6.9 and >= 1.6.14
        ("RUBYSEC-rest-client-CVE-2019-15224", {
            "1.6.9": "not affected", "1.6.10": "affected", "1.6.13": "affected",
            "1.6.14": "not affected",
        }),
        # unaffected < 1.18.0 and > 1.18.0
        ("RUBYSEC-awesome-bot-CVE-2019-15224", {
            "1.17.9": "not affected", "1.18.0": "affected", "1.18.1": "not affected",
        }),
    ],
)  # fmt: skip
def test_conditions_of_gems_hold_as_rubygems_reads_them(
    shared: Path, known: str, versions: dict[str, str]
) -> None:
    raw = _native(shared, "rubygems-rubysec")
    records, _ = _split(list(rubysec.advisories(raw, DEFAULT_LIMITS)))
    assert {version: _state(_only(records[known]), version) for version in versions} == versions


def test_every_advisory_of_friendsofphp_is_read(shared: Path) -> None:
    raw = _native(shared, "packagist-friendsofphp")
    records, refused = _split(list(friendsofphp.advisories(raw, DEFAULT_LIMITS, _DAY)))
    assert (len(records), refused) == (1592, [])
    drupal = records["FOP-drupal-core-CVE-2018-7600"]
    assert drupal.aliases == ("CVE-2018-7600",)
    states = {v: _state(_only(drupal), v) for v in ("7.57", "7.58", "8.5.0", "8.5.1", "9.0.0")}
    assert states == {
        "7.57": "affected", "7.58": "not affected", "8.5.0": "affected", "8.5.1": "not affected",
        "9.0.0": "not affected",
    }  # fmt: skip


def test_every_branch_begins_affected_and_ends_fixed(shared: Path) -> None:
    raw = _native(shared, "packagist-friendsofphp")
    records, _ = _split(list(friendsofphp.advisories(raw, DEFAULT_LIMITS, _DAY)))
    compared = 0
    for record in records.values():
        affected = _only(record)
        for found in affected.ranges or ():
            for event in found.events:
                if event.introduced not in (None, "0"):
                    compared += 1
                    assert _state(affected, event.introduced or "") == "affected", record.id
                if event.fixed:
                    compared += 1
                    assert _state(affected, event.fixed) == "not affected", record.id
    assert compared > 3000


def test_alpines_secdb_is_read_with_all_its_releases(shared: Path) -> None:
    with zipfile.ZipFile(next((shared / "secdb").glob("*.zip"))) as archive:
        documents = [(name, archive.read(name)) for name in archive.namelist()]
    found = list(alpine_secdb.advisories(documents, DEFAULT_LIMITS, _DAY))
    records, refused = _split(found)
    assert refused == []
    for misspelled in ("CVE-2019-2426", "CVE-2018-16859", "CVE-2017-8073", "CVE-2019-19451"):
        assert records[f"ALPINE-{misspelled}"].upstream == (misspelled,)
    assert len(records) == 2476
    assert sum(len(record.affected or ()) for record in records.values()) == 12_009
    exim = records["ALPINE-CVE-2019-10149"]
    assert exim.upstream == ("CVE-2019-10149",)
    told = {one.package.ecosystem: _state(one, "4.92-r0") for one in exim.affected or ()
            if one.package}  # fmt: skip
    assert told["Alpine:v3.11"] == "not affected"
    assert records["ALPINE-CVE-2016-9932"].upstream == ("CVE-2016-9932", "XSA-200")


@pytest.mark.parametrize(("name", "count", "packages"), [("DSA", 5406, 6988), ("DLA", 3534, 3535)])
def test_every_advisory_of_debians_lists_is_read(
    shared: Path, name: str, count: int, packages: int
) -> None:
    raw = lzma.decompress((shared / "debian" / f"{name}-list.txt.xz").read_bytes())
    records, refused = _split(list(debian_lists.advisories(raw, DEFAULT_LIMITS)))
    assert (len(records), refused) == (count, [])
    assert sum(len(record.affected or ()) for record in records.values()) == packages


def test_an_advisory_of_debian_says_releases_vulnerabilities_and_day(shared: Path) -> None:
    raw = lzma.decompress((shared / "debian" / "DSA-list.txt.xz").read_bytes())
    records, _ = _split(list(debian_lists.advisories(raw, DEFAULT_LIMITS)))
    found = records["DSA-5059-1"]
    assert (found.modified, found.upstream) == ("2022-01-25T00:00:00Z", ("CVE-2021-4034",))
    told = {one.package.ecosystem: judge(one, "0.105-25").fixed for one in found.affected or ()
            if one.package}  # fmt: skip
    assert told == {"Debian:10": "0.105-25+deb10u1", "Debian:11": "0.105-31+deb11u1"}
    states = Counter(
        str(one.database_specific["secure"])
        for record in records.values()
        for one in record.affected or ()
        if one.database_specific
    )
    assert states == {
        "{'status': 'not_affected'}": 55,
        "{'fix_state': 'end-of-life'}": 4,
        "{'fix_state': 'not-fixed'}": 3,
    }
