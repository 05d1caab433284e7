"""The starter set is kept as a database; whatever becomes of that, a scan has the set."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from secure.flows.current_database import the_database


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _is_whole() -> None:
    with the_database() as found:
        assert found.status().starter
        (number,) = found.by_id("CVE-2021-44228")
        assert found.advisory(number).id == "CVE-2021-44228"
        assert found.description(number).summary


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.rglob(pattern)
    return found


def _altered(path: Path) -> None:
    """One byte in the middle: no head and no table tells."""
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0x55
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("*.db", _altered),
        ("*.db", lambda path: os.truncate(path, 0)),
        ("*.db", lambda path: os.truncate(path, 5_000)),
        ("*.db", lambda path: path.write_bytes(b"SQLite format 3\0" + b"x" * 5_000)),
        ("*.db", os.unlink),
        ("current.json", lambda path: path.write_bytes(b"{")),
        ("current.json", os.unlink),
        ("checked.json", lambda path: path.write_bytes(b"\xff")),
    ],
)
def test_a_damaged_one_is_built_again(
    tmp_path: Path, pattern: str, damage: Callable[[Path], object]
) -> None:
    _is_whole()
    _is_whole()  # the second time it is hashed, and that is noted
    damage(_only(tmp_path / "cache", pattern))
    _is_whole()
    assert _only(tmp_path / "cache", "*.db").stat().st_size > 100_000


def test_a_whole_one_is_not_built_again(tmp_path: Path) -> None:
    _is_whole()
    before = _only(tmp_path / "cache", "*.db").stat()
    _is_whole()
    assert _only(tmp_path / "cache", "*.db").stat().st_ino == before.st_ino
