"""`secure diff`: images, SBOMs and earlier scans, through the command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from archives import layout, save
from built_databases import NOW, advisory, ranged

from secure.cli.diff import main as diff
from secure.cli.scan import main as scan
from secure.errors import DocumentError, InputError, LimitExceededError, NotFoundError, UsageError
from secure.flows.current_database import folder
from secure.images.write import LayerContent, NewFile, layer_tar
from secure.vulns import manifest
from secure.vulns.build import Content, Feed, build

FLAWS = (
    advisory("CVE-2099-1", ranged("npm", "left-pad", "introduced 0 fixed 1.1.0"),
             severity="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"),
    advisory("CVE-2099-2", ranged("npm", "right-pad", "introduced 2.0.0")),
)  # fmt: skip
OLD = {"left-pad": "1.0.0", "right-pad": "1.0.0"}
NEW = {"left-pad": "1.1.0", "right-pad": "2.0.0"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a database, an old and a new image, and an SBOM of the old one."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with_database()
    save(tmp_path / "old.tar", archive(OLD))
    save(tmp_path / "new.tar", archive(NEW))
    components = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:npm/{name}@{version}"}
        for name, version in OLD.items()
    ]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    (tmp_path / "old.json").write_text(json.dumps(bill))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_database() -> None:
    fresh = os.path.join(folder(), "fresh.db")
    build(fresh, [Feed("osv/npm", FLAWS, Content())], NOW, None)
    manifest.install(folder(), fresh, may_lose_percent=None)


def archive(packages: dict[str, str]) -> dict[str, bytes]:
    installed = [
        NewFile(
            f"app/node_modules/{name}/package.json".encode(),
            json.dumps({"name": name, "version": version}).encode(),
        )
        for name, version in packages.items()
    ]
    return layout(LayerContent(layer_tar(installed)))


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = diff(list(words))
    return code, capsys.readouterr().out


@pytest.mark.parametrize("old", ["old.tar", "old.json", "sbom:old.json", "scan.json"])
def test_images_sboms_and_earlier_scans_tell_the_same(
    home: Path, capsys: pytest.CaptureFixture[str], old: str
) -> None:
    scan(["old.tar", "--format", "json", "-o", "scan.json"])
    code, out = told(capsys, old, "new.tar")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["~", "npm", "left-pad", "1.0.0", "->", "1.1.0"] in lines
    assert ["critical", "CVE-2099-1", "left-pad", "1.0.0", "->", "1.1.0"] in lines
    assert ["unknown", "CVE-2099-2", "right-pad", "1.0.0", "->", "2.0.0"] in lines
    assert "vulnerabilities: 1 new, 1 fixed, 0 unchanged" in out


def test_what_the_database_learned_since_a_scan_is_not_told_as_new(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan(["old.tar", "--format", "json", "-o", "scan.json"])
    document = json.loads((home / "scan.json").read_text())
    document["vulnerabilities"] = []
    (home / "scan.json").write_text(json.dumps(document, sort_keys=True))
    assert "0 new, 0 fixed, 1 unchanged" in told(capsys, "scan.json", "old.tar")[1]


def test_the_exit_code_says_whether_the_new_image_brings_what_it_must_not(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(capsys, "old.tar", "new.tar", "--fail-on", "critical")[0] == 0
    assert told(capsys, "old.tar", "new.tar", "--fail-on", "medium")[0] == 1
    assert told(capsys, "new.tar", "old.tar", "--fail-on", "critical")[0] == 1
    assert told(capsys, "old.tar", "old.tar", "--fail-on", "low")[0] == 0


def test_undecided_is_not_allowed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (made,) = Path(folder()).glob("*.db")
    made.write_bytes(b"SQLite format 3\0" + b"x" * 5_000)
    code, out = told(capsys, "old.tar", "new.tar", "--fail-on", "low")
    assert code == InputError.exit_code
    assert "vulnerabilities: not checked (not used:" in out
    assert "2 changed" in out
    assert told(capsys, "old.tar", "new.tar")[0] == 0


def test_a_distribution_that_the_database_does_not_know_is_undecided(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "wolfi/lib/apk/db").mkdir(parents=True)
    (home / "wolfi/lib/apk/db/installed").write_text("P:musl\nV:1.2.5-r0\nA:x86_64\n\n")
    (home / "wolfi/etc").mkdir()
    (home / "wolfi/etc/os-release").write_text("ID=wolfi\nVERSION_ID=20230201\n")
    assert told(capsys, "old.tar", "wolfi", "--fail-on", "low")[0] == InputError.exit_code
    assert told(capsys, "old.tar", "wolfi")[0] == 0


def test_the_json_form_is_the_same_on_every_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = told(capsys, "old.tar", "new.tar", "--format", "json")[1]
    assert first == told(capsys, "old.tar", "new.tar", "--format", "json")[1]
    document = json.loads(first)
    assert {one["id"]: one["change"] for one in document["vulnerabilities"]} == {
        "CVE-2099-1": "fixed", "CVE-2099-2": "new",
    }  # fmt: skip


def test_a_statement_takes_back_what_is_new(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan(["new.tar", "--format", "openvex", "-o", "said.json"])
    document = json.loads((home / "said.json").read_text())
    (said,) = document["statements"]
    said |= {"status": "not_affected", "justification": "vulnerable_code_not_present"}
    (home / "said.json").write_text(json.dumps(document))
    words = ("old.tar", "new.tar", "--fail-on", "low", "--vex", "said.json")
    code, out = told(capsys, *words)
    assert (code, "0 new, 1 fixed" in out) == (0, True)


SCHEMA = '"schema": "https://secure-runtime.dev/schema/image-facts/1"'


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{" + SCHEMA + "}", DocumentError),
        ("{" + SCHEMA, DocumentError),
        ("{" + SCHEMA + ', "packages": ' + "[" * 100_000, LimitExceededError),
        ("{" + SCHEMA + ', "packages": "x"}', DocumentError),
        ("{" + SCHEMA + ', "x": [' + "{}," * 3_100_000 + "{}]}", LimitExceededError),
        ("{" + SCHEMA + ', "reference": "\\u0000"}', DocumentError),
        ("{}", InputError),
    ],
)
def test_a_file_that_is_no_scan_is_refused_by_name(
    home: Path, content: str, error: type[InputError]
) -> None:
    (home / "scan.json").write_text(content)
    with pytest.raises(error, match=r"scan\.json"):
        diff(["scan.json", "new.tar"])


def test_wrong_usage_is_said(home: Path) -> None:
    with pytest.raises(UsageError):
        diff(["old.tar", "new.tar", "--format", "sarif"])
    with pytest.raises(UsageError):
        diff(["old.tar", "new.tar", "--fail-on", "awful"])
    with pytest.raises(NotFoundError):
        diff(["sbom:nothing.json", "new.tar"])
