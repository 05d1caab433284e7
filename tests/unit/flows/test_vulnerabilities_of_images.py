"""Images and SBOMs compared with a database, through the commands that people use."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from built_databases import NOW, advisory, ranged

from secure.cli.check import main as check
from secure.cli.scan import main as scan
from secure.flows.current_database import folder
from secure.vulns import manifest
from secure.vulns.build import Content, Feed, Tables, build
from secure.vulns.schema import Exploited

PURL = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"
LOG4J = advisory(
    "GHSA-jfh8-c2jp-5v3q",
    ranged("Maven", "org.apache.logging.log4j:log4j-core", "introduced 2.13.0 fixed 2.15.0"),
    aliases=["CVE-2021-44228"],
    severity="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
    summary="Remote code execution in Log4j",
)
OPEN = advisory("CVE-2099-1", ranged("npm", "left-pad", "introduced 0"))
COMPONENTS = [
    {"type": "library", "group": "org.apache.logging.log4j", "name": "log4j-core",
     "version": "2.14.1", "purl": PURL},
    {"type": "library", "name": "left-pad", "version": "1.0.0", "purl": "pkg:npm/left-pad@1.0.0"},
    {"type": "library", "name": "rails", "version": "7.0.0", "purl": "pkg:gem/rails@7.0.0"},
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without anything: no database yet, and an SBOM."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": COMPONENTS}
    (tmp_path / "bom.json").write_text(json.dumps(bill))
    return tmp_path


def with_database(*, starter: bool = False) -> None:
    tables = Tables(kev={"CVE-2021-44228": Exploited(added="2021-12-10")})
    fresh = os.path.join(folder(), "fresh.db")
    feeds = [Feed("osv/mixed", (LOG4J, OPEN), Content())]
    build(fresh, feeds, NOW, tables, starter=starter)
    manifest.install(folder(), fresh, may_lose_percent=None)


def told(capsys: pytest.CaptureFixture[str], home: Path, *options: str) -> tuple[int, str]:
    code = scan([f"sbom:{home / 'bom.json'}", *options])
    return code, capsys.readouterr().out


def test_without_a_database_only_the_starter_set_is_claimed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = told(capsys, home)
    assert code == 0
    assert "a starter set only: secure db update" in out
    row = next(line for line in out.splitlines() if "CVE-2021-44228" in line)
    assert row.split()[0] == "critical"


def test_a_damaged_database_costs_the_comparison_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    (made,) = Path(folder()).glob("*.db")
    made.write_bytes(b"SQLite format 3\0" + b"x" * 5_000)
    code, out = told(capsys, home)
    assert code == 0
    assert "vulnerabilities: not checked (not used:" in out
    assert "log4j-core" in out
    assert told(capsys, home, "--fail-on", "low")[0] == 3


def test_the_table_shows_what_was_found_and_what_was_not_compared(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    code, out = told(capsys, home)
    assert code == 0
    assert "known vulnerabilities (2)" in out
    row = next(line for line in out.splitlines() if "CVE-2021-44228" in line)
    assert row.split() == [
        "critical", "CVE-2021-44228", "org.apache.logging.log4j:log4j-core", "2.14.1", "2.15.0",
        "0", "exploited", "since", "2021-12-10",
    ]  # fmt: skip
    remedy = "set the version of org.apache.logging.log4j:log4j-core to 2.15.0"
    assert any(line.split(None, 1) == ["1", remedy] for line in out.splitlines()), out
    assert "the database has no advisories for RubyGems" in out
    assert "vulnerabilities: compared with 2 advisories of osv of 2026-01-01" in out


def test_a_starter_set_says_that_it_is_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_database(starter=True)
    assert "a starter set only" in told(capsys, home)[1]


def test_what_to_fail_on_is_counted_as_asked(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    assert told(capsys, home, "--fail-on", "critical")[0] == 1
    code, out = told(capsys, home, "--only-fixed", "--fail-on", "medium")
    assert code == 1
    assert "CVE-2099-1" not in out


def test_an_image_of_a_distribution_that_the_database_does_not_know_passes_no_threshold(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    root = home / "root"
    (root / "lib/apk/db").mkdir(parents=True)
    (root / "lib/apk/db/installed").write_text("P:musl\nV:1.2.5-r0\nA:x86_64\n\n")
    (root / "etc").mkdir()
    (root / "etc/os-release").write_text("ID=wolfi\nVERSION_ID=20230201\n")
    assert scan([str(root)]) == 0
    assert scan([str(root), "--fail-on", "high"]) == 3
    assert "the database has no advisories for Wolfi" in capsys.readouterr().out


def test_a_finding_and_its_absence_are_explained(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    _, out = told(capsys, home, "--explain", "CVE-2021-44228")
    for words in (
        "CVE-2021-44228: Remote code execution in Log4j",
        "exploited   in CISA's catalogue since 2021-12-10",
        "fix         set the version of org.apache.logging.log4j:log4j-core to 2.15.0",
        "range       introduced 2.13.0, fixed 2.15.0",
        'comparison  "2.14.1" is from "2.13.0" on and before "2.15.0", which fixes it',
        "advisory    GHSA-jfh8-c2jp-5v3q of osv/mixed, modified 2026-01-01T00:00:00Z",
        "looked up   Maven org.apache.logging.log4j:log4j-core 2.14.1",
    ):
        assert words in out
    fixed = (home / "bom.json").read_text().replace("2.14.1", "2.15.0")
    (home / "bom.json").write_text(fixed)
    _, out = told(capsys, home, "--explain", "CVE-2021-44228")
    assert "not found in sbom:" in out
    assert 'comparison  "2.15.0" is not before "2.15.0", which fixes it' in out


def test_what_no_version_fixes_is_explained_though_only_fixed_ones_are_shown(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    _, out = told(capsys, home, "--only-fixed", "--explain", "CVE-2099-1")
    assert "state       not-fixed" in out


def test_a_vex_statement_takes_a_finding_back_and_comes_out_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    code, out = told(capsys, home, "--format", "openvex")
    assert code == 0
    document = json.loads(out)
    ours = next(s for s in document["statements"] if s["vulnerability"]["name"] == "CVE-2021-44228")
    assert ours["status"] == "affected"
    ours |= {
        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
        "products": [{"@id": PURL}],
    }  # fmt: skip
    folder = home / "vex"
    folder.mkdir()
    (folder / "app.json").write_text(json.dumps(document | {"statements": [ours]}))
    asked = ("--vex", str(folder), "--fail-on", "critical")
    code, out = told(capsys, home, *asked)
    assert code == 0
    assert "vulnerabilities that do not count (1)" in out
    assert "vulnerable_code_not_in_execute_path" in out
    again = json.loads(told(capsys, home, *asked, "--format", "openvex")[1])
    statuses = {s["vulnerability"]["name"]: s["status"] for s in again["statements"]}
    assert statuses == {"CVE-2021-44228": "not_affected", "CVE-2099-1": "affected"}


def test_cyclonedx_analyses_are_valid_and_read_back(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    with_database()
    out = told(capsys, home, "--format", "cyclonedx-vex")[1]
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(out) is None
    document = json.loads(out)
    (found,) = [v for v in document["vulnerabilities"] if v["id"] == "CVE-2021-44228"]
    assert found["affects"] == [{"ref": PURL}]
    told_of = [p["name"] for p in document["metadata"]["properties"]]
    assert {"secure:compared", "secure:not-compared"} == set(told_of)
    found["analysis"] = {"state": "false_positive", "justification": "code_not_reachable"}
    (home / "vex.json").write_text(json.dumps(document))
    code, out = told(capsys, home, "--vex", str(home / "vex.json"), "--fail-on", "critical")
    assert (code, "code_not_reachable" in out) == (0, True)


def test_reports_for_viewers_tell_a_vulnerability_by_its_summary(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    code, out = told(capsys, home, "--format", "sarif", "--fail-on", "critical")
    assert code == 1
    (run,) = json.loads(out)["runs"]
    titles = {
        rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]
    }
    assert titles == {
        "CVE-2021-44228": "Remote code execution in Log4j",
        "CVE-2099-1": "Known vulnerability CVE-2099-1",
    }
    report = json.loads(told(capsys, home, "--format", "gitlab")[1])
    assert report["vulnerabilities"][0]["description"].startswith("Remote code execution in Log4j")
    assert report["vulnerabilities"][0]["solution"].endswith("log4j-core to 2.15.0")


def test_the_gate_denies_by_the_policy_and_says_why(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_database()
    root = home / "root"
    (root / "app").mkdir(parents=True)
    lock = {
        "name": "app", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {"node_modules/left-pad": {"version": "1.0.0"}},
    }  # fmt: skip
    (root / "app" / "package-lock.json").write_text(json.dumps(lock))
    check([str(root), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    found = {f["at"]: f["outcome"] for f in document["findings"] if f["rule"] == "CON001"}
    # The checklist warns of what no version fixes, and does not rely on data of last January.
    assert found == {"left-pad 1.0.0": "warn", "vulnerability data": "not checked"}
    assert document["image"]["vulnerabilityData"] == "2026-01-01T00:00:00Z"
