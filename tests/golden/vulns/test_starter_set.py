"""The starter set: every record is read, evaluates, and says what the public data says."""

from __future__ import annotations

import csv
import json
import lzma
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.lifetimes import read_cycles, read_distro_info
from secure.vulns.osv import Advisory, Affected, Event, read
from secure.vulns.ranges import State, judge
from secure.vulns.severity import base_score
from secure.vulns.starter import read_releases
from secure.vulns.versions.order import key

_FOLDER = Path(__file__).resolve().parents[3] / "vulndb"
_HOSTS = {
    "nvd.nist.gov", "github.com", "pkg.go.dev", "rustsec.org", "osv.dev", "ubuntu.com",
    "security-tracker.debian.org", "security.alpinelinux.org", "errata.almalinux.org",
    "www.cisa.gov",
}  # fmt: skip
_KEV = "https://www.cisa.gov/known-exploited-vulnerabilities-catalog"
# Go's database has no end here, as the module's tags are no Go versions; its text names the fixes.
_OTHERWISE = {("CVE-2025-1974", "k8s.io/ingress-nginx")}


@pytest.fixture(scope="module")
def starter() -> dict[str, Advisory]:
    """Every record by its id; one that is refused fails here."""
    found = {path: read(path.read_bytes(), DEFAULT_LIMITS) for path in _paths()}
    records = {path: record for path, record in found.items() if isinstance(record, Advisory)}
    assert records.keys() == found.keys()
    assert [path for path, record in records.items() if path.stem != record.id] == []
    return {record.id: record for record in records.values()}


def _paths() -> list[Path]:
    return sorted((_FOLDER / "starter").glob("*"))


def _packages(record: Advisory) -> Iterator[tuple[str, str, Affected]]:
    for affected in record.affected or ():
        assert affected.package is not None
        yield affected.package.ecosystem, affected.package.name, affected


def _events(affected: Affected) -> list[Event]:
    return [event for found in affected.ranges or () for event in found.events]


def _fixes(affected: Affected) -> set[str]:
    return {event.fixed for event in _events(affected) if event.fixed}


def _own(record: Advisory) -> dict[str, object]:
    found = (record.database_specific or {})["secure"]
    assert isinstance(found, dict)
    return found


def test_no_two_records_are_of_one_vulnerability(starter: dict[str, Advisory]) -> None:
    names = Counter(
        name for record in starter.values() for name in (record.id, *(record.aliases or ()))
    )
    assert [name for name, times in names.items() if times > 1] == []


def test_every_record_says_what_it_is(starter: dict[str, Advisory]) -> None:
    for record in starter.values():
        assert record.schema_version == "1.7.0"
        assert record.withdrawn is None
        assert record.summary, record.id
        assert record.details, record.id
        assert "disput" not in f"{record.summary} {record.details}".lower()
        assert len(record.summary) <= 120, record.id
        assert _own(record)["starter"] is True
        packages = [(ecosystem, name) for ecosystem, name, _ in _packages(record)]
        assert 0 < len(packages) == len(set(packages)), record.id


def test_references_are_public_pages(starter: dict[str, Advisory]) -> None:
    for record in starter.values():
        urls = [reference.url for reference in record.references or ()]
        assert 0 < len(urls) == len(set(urls)), record.id
        for url in urls:
            parts = urlsplit(url)
            assert (parts.scheme, parts.hostname in _HOSTS) == ("https", True), url


def test_every_vector_has_a_score(starter: dict[str, Advisory]) -> None:
    vectors = [one for record in starter.values() for one in record.severity or ()]
    # Left out are those whose public sources differ, or have none.
    assert sum(1 for record in starter.values() if not record.severity) <= 17
    assert [one for one in vectors if base_score(one.score) is None] == []


def test_every_range_begins_before_it_ends(starter: dict[str, Advisory]) -> None:
    for record in starter.values():
        for ecosystem, name, affected in _packages(record):
            events = _events(affected)
            assert events or affected.versions, (record.id, name)
            starts = [event.introduced for event in events if event.introduced is not None]
            bounds = [event.introduced or event.fixed or event.last_affected for event in events]
            keys = ["" if bound == "0" else key(ecosystem, bound or "?") for bound in bounds]
            assert all(isinstance(found, str) for found in keys), (record.id, name)
            assert keys == sorted(map(str, keys)), (record.id, name)
            for version in (*starts, *(affected.versions or ())):
                wanted = version if version != "0" else _low(ecosystem)
                assert judge(affected, wanted).state is State.AFFECTED, (record.id, name, version)
            for version in _fixes(affected):
                assert judge(affected, version).state is State.NOT_AFFECTED, (record.id, version)


def _low(ecosystem: str) -> str:
    """A version before every real one."""
    return "v0.0.0-0" if ecosystem == "Go" else "0.0.0"


def _debian_lists(shared: Path) -> dict[tuple[str, str, str], set[str]]:
    """(CVE, release, source) -> the versions that DSA and DLA name as fixes."""
    number = {"wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11"}
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    cves: list[str] = []
    for part in ("DSA", "DLA"):
        raw = lzma.decompress((shared / "debian" / f"{part}-list.txt.xz").read_bytes())
        for line in raw.decode().splitlines():
            if line.lstrip().startswith("{"):
                cves = line.strip(" \t{}").split()
            elif line.startswith("["):
                cves = []
            elif fix := re.match(r"\s+\[(\w+)\] - (\S+) (\d\S*)", line):
                for cve in cves:
                    found[cve, f"Debian:{number.get(fix[1])}", fix[2]].add(fix[3])
    return found


def test_debians_fixes_are_those_of_its_advisories(
    starter: dict[str, Advisory], shared: Path
) -> None:
    known = _debian_lists(shared)
    compared = 0
    for record in starter.values():
        for ecosystem, name, affected in _packages(record):
            if ecosystem in {"Debian:7", "Debian:8", "Debian:9", "Debian:10", "Debian:11"}:
                compared += 1
                fixes = _fixes(affected)
                assert len(fixes) == 1, record.id
                assert fixes <= known[record.id, ecosystem, name], record.id
    assert compared > 250


def _alpine_lists(shared: Path) -> dict[tuple[str, str, str], set[str]]:
    """(CVE, release, package) -> fixed versions, from the secdb files of 2020."""
    import zipfile

    import yaml

    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    with zipfile.ZipFile(next((shared / "secdb").glob("*.zip"))) as archive:
        for member in archive.namelist():
            release = member.split("/")[0]
            if release in {"v3.8", "v3.9", "v3.10", "v3.11"}:
                content = yaml.load(archive.read(member), yaml.CSafeLoader)
                for entry in content["packages"]:
                    package = entry["pkg"]
                    for version, names in (package.get("secfixes") or {}).items():
                        for name in names or ():
                            for cve in re.findall(r"CVE-\d+-\d+", name):
                                found[cve, f"Alpine:{release}", package["name"]].add(version)
    return found


def test_alpines_fixes_are_those_of_its_secdb(starter: dict[str, Advisory], shared: Path) -> None:
    known = _alpine_lists(shared)
    compared = 0
    for record in starter.values():
        for ecosystem, name, affected in _packages(record):
            if ecosystem.removeprefix("Alpine:v3.") in {"8", "9", "10", "11"}:
                compared += 1
                assert _fixes(affected) == known[record.id, ecosystem, name], (record.id, name)
    assert compared > 60


def _feed(shared: Path, name: str, wanted: set[str]) -> Iterator[Advisory]:
    """The records of one feed that name a vulnerability of the set; most lines are not decoded."""
    raw = lzma.decompress((shared / "osv" / f"{name}.jsonl.xz").read_bytes()).decode()
    any_id = re.compile(r"(?:CVE|GHSA|GO|PYSEC|RUSTSEC)-[\w-]+").findall
    for line in raw.splitlines():
        if not wanted.isdisjoint(any_id(line)):
            record = read(line.encode(), DEFAULT_LIMITS)
            if isinstance(record, Advisory) and not record.withdrawn:
                yield record


def test_almalinux_fixes_are_those_of_its_errata(
    starter: dict[str, Advisory], shared: Path
) -> None:
    known: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for erratum in _feed(shared, "almalinux", set(starter)):
        for cve in set(erratum.related or ()) & starter.keys():
            for ecosystem, name, affected in _packages(erratum):
                known[cve, ecosystem, name] |= {
                    fixed for fixed in _fixes(affected) if ".module_" not in fixed
                }
    compared = 0
    for record in starter.values():
        for ecosystem, name, affected in _packages(record):
            if ecosystem.startswith("AlmaLinux"):
                compared += 1
                assert _fixes(affected) == known[record.id, ecosystem, name], (record.id, name)
    assert compared > 120


@pytest.mark.parametrize(
    ("feed", "of", "at_least"),
    [
        ("go-vulndb", "Go", 50),
        ("pypi-pysec", "PyPI", 30),
        ("crates-rustsec", "crates.io", 15),
        ("ghsa-maven-mixed", "Maven", 25),
    ],
)
def test_the_bounds_of_every_language_feed_are_judged_alike(
    starter: dict[str, Advisory], shared: Path, feed: str, of: str, at_least: int
) -> None:
    by_name = {
        name: record for record in starter.values() for name in (record.id, *(record.aliases or ()))
    }
    compared = 0
    for theirs in _feed(shared, feed, set(by_name)):
        names = {theirs.id, *(theirs.aliases or ())} & by_name.keys()
        for ours in {by_name[name].id: by_name[name] for name in names}.values():
            known = {(e, n): affected for e, n, affected in _packages(ours)}
            for ecosystem, name, _ in _packages(theirs):
                mine = known.get((ecosystem, name))
                if mine and ecosystem == of and (ours.id, name) not in _OTHERWISE:
                    compared += 1
                    # Several entries of one package are one answer together.
                    _judged_alike(theirs, ecosystem, name, mine)
    assert compared >= at_least


def _judged_alike(theirs: Advisory, ecosystem: str, name: str, mine: Affected) -> None:
    same = [one for e, n, one in _packages(theirs) if (e, n) == (ecosystem, name)]
    bounds = {
        bound
        for one in same
        for event in _events(one)
        for bound in (event.introduced, event.fixed, event.last_affected)
        if bound and bound != "0"
    }
    for version in bounds:
        states = {judge(one, version).state for one in same}
        expected = State.AFFECTED if State.AFFECTED in states else State.NOT_AFFECTED
        assert judge(mine, version).state is expected, (theirs.id, name, version)


def test_gems_and_php_packages_are_fixed_where_their_databases_say_so(
    starter: dict[str, Advisory], shared: Path
) -> None:
    compared = 0
    for cve, ecosystem, name, fixes in (*_gems(shared), *_composer(shared)):
        record = starter.get(cve)
        for found, package, affected in _packages(record) if record else ():
            if (found, package) == (ecosystem, name):
                compared += 1
                ours = _fixes(affected)
                assert ours <= fixes, (cve, name, ours - fixes)
                for fixed in fixes if ecosystem == "RubyGems" else ours:
                    assert judge(affected, fixed).state is State.NOT_AFFECTED, (cve, name, fixed)
    assert compared > 40


def _native(shared: Path, name: str) -> Iterator[tuple[str, dict[str, object]]]:
    raw = lzma.decompress((shared / "osv" / f"{name}.native.jsonl.xz").read_bytes())
    for line in raw.splitlines():
        record = json.loads(line)
        yield record["path"], record["data"]


def _gems(shared: Path) -> Iterator[tuple[str, str, str, set[str]]]:
    for path, data in _native(shared, "rubygems-rubysec"):
        told = data.get("patched_versions"), data.get("unaffected_versions")
        words = [word for part in told if isinstance(part, list) for word in part]
        # Of "~> 5.1.6, >= 5.1.6.2" the last part is the fix.
        begins = (re.findall(r"(?:>=|~>) ?([\w.]+)", word)[-1:] for word in words)
        bounds = {version for found in begins for version in found}
        if path.startswith("gems/"):
            yield f"CVE-{data.get('cve')}", "RubyGems", str(data["gem"]), bounds


def _composer(shared: Path) -> Iterator[tuple[str, str, str, set[str]]]:
    for _, data in _native(shared, "packagist-friendsofphp"):
        name = str(data["reference"]).removeprefix("composer://")
        ends = set(re.findall(r"'<([\w.-]+)'", str(data["branches"])))
        yield str(data.get("cve")), "Packagist", name, ends


def test_known_exploitation_is_that_of_the_catalogue(
    starter: dict[str, Advisory], shared: Path
) -> None:
    folder = shared / "kev"
    catalogue = json.loads((folder / "known_exploited_vulnerabilities.json").read_bytes())
    dates = {entry["cveID"]: entry["dateAdded"] for entry in catalogue["vulnerabilities"]}
    later = (folder / "known_exploited_vulnerabilities-later.csv").read_text()
    dates = {row["cveID"]: row["dateAdded"] for row in csv.DictReader(later.splitlines())} | dates
    for record in starter.values():
        added = [dates[name] for name in (record.id, *(record.aliases or ())) if name in dates]
        assert _own(record).get("known_exploited") == (added[0] if added else None), record.id
        told = _KEV in {reference.url for reference in record.references or ()}
        assert told == bool(added), record.id


def test_the_readme_counts_the_packages_of_each_ecosystem(starter: dict[str, Advisory]) -> None:
    counts = Counter(
        ecosystem.split(":")[0]
        for record in starter.values()
        for ecosystem, _, _ in _packages(record)
    )
    text = (_FOLDER / "README.md").read_text()
    rows = dict(re.findall(r"^\| ([\w. ]+?) \| (\d+) \|$", text, re.MULTILINE))
    assert {name: int(count) for name, count in rows.items()} == dict(counts)
    assert f"{len(starter)} records" in text


@pytest.mark.parametrize(
    ("known", "ecosystem", "name", "affected", "fixed"),
    [
        ("CVE-2021-44228", "Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", "2.17.1"),
        ("CVE-2014-0160", "Debian:7", "openssl", "1.0.1e-2+deb7u4", "1.0.1e-2+deb7u6"),
        ("CVE-2024-3094", "Debian:13", "xz-utils", "5.6.1-1", "5.6.1+really5.4.5-1"),
        ("CVE-2024-3094", "Alpine:v3.20", "xz", "5.6.1-r1", "5.6.1-r2"),
        ("CVE-2024-6387", "Debian:12", "openssh", "1:9.2p1-2+deb12u2", "1:9.2p1-2+deb12u3"),
        ("CVE-2023-4911", "Ubuntu:22.04:LTS", "glibc", "2.35-0ubuntu3.3", "2.35-0ubuntu3.4"),
        ("CVE-2021-4034", "AlmaLinux:8", "polkit", "0.115-13.el8", "0.115-13.el8_5.2"),
        ("CVE-2024-21626", "Go", "github.com/opencontainers/runc", "1.1.11", "1.1.12"),
        ("CVE-2019-10744", "npm", "lodash", "4.17.11", "4.17.21"),
        ("CVE-2020-14343", "PyPI", "pyyaml", "5.3.1", "6.0"),
        ("CVE-2022-22965", "Maven", "org.springframework:spring-beans", "5.3.17", "5.3.18"),
        ("GHSA-mh6f-8j2x-4483", "npm", "event-stream", "3.3.6", "3.3.5"),
        ("CVE-2018-7600", "Packagist", "drupal/core", "8.5.0", "8.5.1"),
        ("RUSTSEC-2020-0071", "crates.io", "time", "0.1.45", "0.3.36"),
        ("CVE-2019-15224", "RubyGems", "rest-client", "1.6.13", "1.6.14"),
    ],
)
def test_those_that_everybody_asks_about_are_found(
    starter: dict[str, Advisory], known: str, ecosystem: str, name: str, affected: str, fixed: str
) -> None:
    entries = [one for e, n, one in _packages(starter[known]) if (e, n) == (ecosystem, name)]
    assert [judge(one, affected).state for one in entries] == [State.AFFECTED]
    assert [judge(one, fixed).state for one in entries] == [State.NOT_AFFECTED]


_MANIFESTS = {
    "CVE-2014-0224": ("grype-matcher-vulns-a.zip", "alpine318/nvd/results/2014/cve-2014-0224.json"),
    "CVE-2022-27664": ("grype-matcher-vulns-a.zip", "github@go/ghsa-69cg-p879-7622.json"),
    "CVE-2023-37920": ("grype-matcher-vulns-a.zip", "github@python/ghsa-xqr8-7jwr-rhp7.json"),
    "CVE-2023-38545": ("redhat-csaf-vex-sample.zip", "testdata/cve-2023-38545.json"),
    "CVE-2023-45288": ("trivy-db-native-feeds-testdata.zip", "GHSA-4v7x-pqxf-cx7m.json"),
    "CVE-2024-45337": ("trivy-db-native-feeds-testdata.zip", "GHSA-v778-237x-gjrc.json"),
}


@pytest.mark.parametrize("name", _MANIFESTS)
def test_a_vector_is_the_one_that_a_public_source_gives(
    name: str, starter: dict[str, Advisory], shared: Path
) -> None:
    file, ending = _MANIFESTS[name]
    with zipfile.ZipFile(shared / "manifests" / file) as archive:
        members = [member for member in archive.namelist() if member.endswith(ending)]
        told = {vector for one in members for vector in _VECTOR(archive.read(one))}
    vectors = {one.score.encode() for one in starter[name].severity or ()}
    assert vectors == told


_VECTOR = re.compile(rb"CVSS:3\.1/[A-Z:/]+").findall


def test_releases_end_when_public_lists_say_so(shared: Path) -> None:
    raw = (_FOLDER / "starter-releases.csv").read_bytes()
    ours = read_releases(raw)
    assert len(ours) == raw.count(b"\n") - 1
    told = read_cycles(str(shared / "eol/endoflife-release-data.zip"), DEFAULT_LIMITS)
    for name in ("debian", "ubuntu"):
        listed = (shared / f"eol/distro-info-{name}.csv").read_bytes()
        told |= read_distro_info(listed, name, name)
    # Alpine's and AlmaLinux's days of release are in no list here, nor what AlmaLinux ends.
    compared = {name: one for name, one in ours.items() if not name.startswith("AlmaLinux:")}
    assert compared.keys() <= told.keys()
    for name, one in compared.items():
        public = told[name]
        assert (one.ends, one.extended_ends, one.paid_ends) == (
            public.ends, public.extended_ends, public.paid_ends,
        ), name  # fmt: skip
        assert one.released in {public.released, one.released if not public.released else ""}, name


def test_every_date_of_a_release_is_a_day() -> None:
    for one in read_releases((_FOLDER / "starter-releases.csv").read_bytes()).values():
        days = [day for day in (one.released, one.ends, one.extended_ends, one.paid_ends) if day]
        assert [date.fromisoformat(day).isoformat() for day in days] == days
        assert days == sorted(days), one
