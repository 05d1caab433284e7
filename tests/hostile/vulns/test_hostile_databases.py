"""Database files that are damaged, cut off or of somebody else: a typed error, never a crash."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest
import zstandard
from advisory_feeds import advisory, built, feed
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.errors import InputError, NotFoundError, TamperedError, UnsupportedError
from secure.vulns.database import open_database

_PAD = ("npm", "left-pad")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "one.db"
    built(path, feed(*(advisory(f"A-{n}", _PAD, ("npm", f"p{n}")) for n in range(300))))
    return path


@pytest.fixture
def whole(original: Path) -> bytes:
    return original.read_bytes()


def _read_all(path: Path) -> None:
    with open_database(str(path)) as found:
        found.status()
        for n in range(0, 300, 50):
            found.affected("npm", f"p{n}")
            found.description(n + 1)
            found.by_id(f"A-{n}")
        for one in found.affected(*_PAD)[:5]:
            found.advisory(one.number)


def _changed(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@settings(max_examples=40)
@given(cut=st.floats(0, 1))
def test_a_file_that_was_cut_off(
    original: Path, tmp_path_factory: pytest.TempPathFactory, cut: float
) -> None:
    path, whole = tmp_path_factory.getbasetemp() / "cut.db", original.read_bytes()
    path.write_bytes(whole[: int(cut * (len(whole) - 1))])
    with pytest.raises(InputError):
        open_database(str(path))


@settings(max_examples=100)
@given(places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_flipped_bytes_are_an_error_of_ours_or_other_content(
    original: Path,
    tmp_path_factory: pytest.TempPathFactory,
    places: list[tuple[float, int]],
) -> None:
    raw = bytearray(original.read_bytes())
    for place, byte in places:
        raw[int(place * (len(raw) - 1))] = byte
    path = tmp_path_factory.getbasetemp() / "flipped.db"
    path.write_bytes(raw)
    try:
        _read_all(path)
    except InputError:
        return


def test_a_view_in_the_place_of_a_table_is_not_asked(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(whole)
    _changed(path, "DROP TABLE affected")
    _changed(
        path,
        "CREATE VIEW affected AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)"
        " SELECT 1 AS ecosystem, '' AS name, x AS content FROM n",
    )
    with pytest.raises(UnsupportedError, match="other tables"):
        open_database(str(path))


def test_a_trigger_is_refused(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(whole)
    _changed(path, "CREATE TRIGGER t AFTER INSERT ON meta BEGIN SELECT 1; END")
    with pytest.raises(UnsupportedError, match="other tables"):
        open_database(str(path))


@pytest.mark.parametrize(
    "content",
    [
        zstandard.compress(bytes(100 << 20)),
        zstandard.compress(msgspec.msgpack.encode("no list")),
        zstandard.compress(msgspec.msgpack.encode([[1, 2]])),
        b"",
        "text",
        None,
        7,
    ],
    ids=["bomb", "no-list", "numbers", "empty", "text", "null", "number"],
)
def test_a_description_that_is_none(whole: bytes, tmp_path: Path, content: object) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(whole)
    _changed(path, "UPDATE description SET content = ?", content)
    with open_database(str(path)) as found, pytest.raises(TamperedError, match="damaged"):
        found.description(1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        b"\x91" * 5000,
        b"\x91\x91\xa1x",
        b"\xdd\xff\xff\xff\xff",
        zstandard.compress(bytes(100 << 20)),
        b"\x28\xb5\x2f\xfd",
        "text",
        None,
    ],
    ids=["empty", "no-type", "nested", "no-number", "four-billion", "bomb", "cut", "text", "null"],
)
def test_a_list_of_affected_that_is_none(whole: bytes, tmp_path: Path, content: object) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(whole)
    _changed(path, "UPDATE affected SET content = ?", content)
    with open_database(str(path)) as found, pytest.raises(TamperedError, match="damaged"):
        found.affected(*_PAD)


def test_a_path_cannot_add_parameters_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        open_database(f"{tmp_path}/x.db?mode=rwc&x=")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"\x37\xa4\x30\xec" + b"\xff" * 100, "text", None])
def test_a_dictionary_that_is_none(whole: bytes, tmp_path: Path, content: object) -> None:
    path = tmp_path / "one.db"
    path.write_bytes(whole)
    _changed(path, "UPDATE meta SET value = ? WHERE name = 'dictionary'", content)
    with pytest.raises(TamperedError, match="damaged"), open_database(str(path)) as found:
        found.affected(*_PAD)
