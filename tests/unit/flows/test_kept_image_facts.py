"""What is kept of an image is what was read of it whole."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from audit_reports import facts

from secure.facts.image import Unreadable
from secure.flows.kept_facts import keep, kept

WHOLE = facts("web.tar")
DAMAGED = msgspec.structs.replace(
    WHOLE, packages=(), complete=False, unreadable=(Unreadable("", 0, "another diff-id"),)
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for state of this test alone; the environment is where the paths come from."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path


def test_facts_come_back_as_they_were() -> None:
    keep(WHOLE)
    assert kept(WHOLE.digest) == WHOLE


def test_nothing_is_known_of_an_image_never_seen() -> None:
    assert kept(WHOLE.digest) is None


def test_a_damaged_archive_does_not_replace_what_is_known() -> None:
    keep(WHOLE)
    keep(DAMAGED)
    assert kept(WHOLE.digest) == WHOLE


def test_whole_facts_replace_those_of_a_damaged_archive() -> None:
    keep(DAMAGED)
    assert kept(WHOLE.digest) == DAMAGED
    keep(WHOLE)
    assert kept(WHOLE.digest) == WHOLE


def test_what_has_no_digest_is_not_kept(home: Path) -> None:
    keep(msgspec.structs.replace(WHOLE, digest=""))
    assert not list(home.rglob("*.json"))


def test_a_damaged_file_is_as_good_as_none(home: Path) -> None:
    keep(WHOLE)
    next(home.rglob("*.json")).write_bytes(b'{"reference": 3}')
    assert kept(WHOLE.digest) is None
