"""The audit report tells the vulnerabilities of its images as they are known when it is made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from archives import layout, save
from built_databases import NOW, advisory, ranged

from secure.cli.audit import main as audit
from secure.cli.check import main as check
from secure.flows.current_database import folder
from secure.images.write import LayerContent, NewFile, layer_tar
from secure.vulns import manifest
from secure.vulns.build import Content, Feed, build

LOCK = {
    "name": "app", "version": "1.0.0", "lockfileVersion": 3,
    "packages": {"node_modules/left-pad": {"version": "1.0.0"}},
}  # fmt: skip
LEFT_PAD = advisory(
    "CVE-2099-1", ranged("npm", "left-pad", "introduced 0 fixed 1.1.0"), summary="Pads too much"
)


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who checked an image before any database was there."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lock = NewFile(b"app/package-lock.json", json.dumps(LOCK).encode())
    layer = LayerContent(layer_tar([lock]))
    check([save(tmp_path / "app.tar", layout(layer)), "-o", str(tmp_path / "verdict")])
    return tmp_path


def report(where: Path, *options: str) -> str:
    audit(["report", "-o", str(where / "report"), *options])
    return (where / "report").read_text()


def test_what_became_known_after_the_check_is_in_the_report(checked: Path) -> None:
    assert "CVE-2099-1" not in report(checked)
    fresh = os.path.join(folder(), "fresh.db")
    build(fresh, [Feed("osv/npm", (LEFT_PAD,), Content())], NOW, None)
    manifest.install(folder(), fresh, may_lose_percent=None)
    page = report(checked)
    assert "<b>CVE-2099-1</b><br>Pads too much" in page
    assert "1 vulnerability" in page
    (subject,) = json.loads(report(checked, "--format", "json"))["subjects"]
    assert subject["facts"]["vulnerabilities"][0]["fixed"] == ["1.1.0"]


def test_a_damaged_database_costs_the_comparison_alone(checked: Path) -> None:
    fresh = os.path.join(folder(), "fresh.db")
    build(fresh, [Feed("osv/npm", (LEFT_PAD,), Content())], NOW, None)
    manifest.install(folder(), fresh, may_lose_percent=None)
    (made,) = Path(folder()).glob("*.db")
    made.write_bytes(b"SQLite format 3\0" + b"x" * 5_000)
    page = report(checked)
    assert "Not checked (not used:" in page
    assert "left-pad" in page
