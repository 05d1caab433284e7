"""Rows that a stranger wrote: refused by name, and nothing is left of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure.errors import ArchiveError
from secure.vulns.contents import rebuild

_DICTIONARY = ["meta", "dictionary", b""]


def _stream(*rows: object) -> bytes:
    packed = map(msgspec.msgpack.encode, rows)
    return b"".join(len(row).to_bytes(4, "little") + row for row in packed)


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (_stream(["sqlite_schema", "table", "x", "x", 2, "CREATE"]), "no table 'sqlite_schema'"),
        (_stream(["meta; DROP TABLE meta", "x", 1]), "no table 'meta; DROP"),
        (_stream([["meta"], "x", 1]), "no table"),
        (_stream([b"meta", "x", 1]), "no table"),
        (_stream([]), "out of range"),
        (_stream({"meta": 1}), "Expected"),
        (_stream(["meta", "x"]), "1 columns instead of 2"),
        (_stream(["meta", "x", 1, 2]), "3 columns instead of 2"),
        (_stream(["meta"]), "not enough values"),
        (_stream(["meta", "x", ["nested"]]), "neither number nor text"),
        (_stream(["meta", "x", 1.5]), "neither number nor text"),
        (_stream(["meta", "x", 1 << 63]), "too large"),
        (_stream(["meta", "x", 1], ["meta", "x", 2]), "UNIQUE"),
        (_stream(["affected", 1, "a", b"\x80"]), "no dictionary"),
        (_stream(["meta", "dictionary", "text"], ["affected", 1, "a", b"\x80"]), "no dictionary"),
        (_stream(_DICTIONARY, ["affected", 1, "a", "text"]), "no blob"),
        (_stream(["advisory", 1, None]), "no blob"),
        (_stream(["advisory", "1", b"\x90"]), "no blob with a number"),
        (_stream(["advisory", 1, b"\x91\x01"]), "Expected"),
        (_stream(["advisory", 0, b"\x91\x92\xa1x\x01"]), "has the number 0"),
        (_stream(["advisory", 1 << 26, b"\x91\x92\xa1x\x01"]), "has the number 67108864"),
        (_stream(["meta", "dropped", "text"]), "a bytes-like object"),
        (_stream(["meta", "dropped", b"\x91\xa1x"]), "Expected"),
        (_stream(["identifier", 1, b"1234567"]), "no table"),
        (_stream(["description", "one", b""]), "datatype mismatch"),
        (b"\xff\xff\xff\xff", "over"),
        (b"\x05\0\0\0\x91", "cut off"),
        (b"\x02\0", "cut off"),
        (b"\x01\0\0\0\xc1", "malformed"),
    ],
)  # fmt: skip
def test_rows_that_are_none_are_refused(tmp_path: Path, stream: bytes, why: str) -> None:
    (tmp_path / "one.db").write_bytes(b"the old one")
    with pytest.raises(ArchiveError, match=rf"not hold the rows of a database.*{why}"):
        rebuild([stream], str(tmp_path / "one.db"), "parcel")
    assert [path.name for path in tmp_path.iterdir()] == ["one.db"]
    assert (tmp_path / "one.db").read_bytes() == b"the old one"


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_bytes_of_any_kind_end_in_a_typed_error_or_a_file(
    tmp_path_factory: pytest.TempPathFactory, stream: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.db"
    try:
        rebuild([_stream(_DICTIONARY), stream], str(path), "parcel")
    except ArchiveError:
        assert stream
