"""Databases made to harm their reader: bounded work, and what is wrong is said."""

from __future__ import annotations

import sqlite3
import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scanning import file, layer, scanned

from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.catalogers.rpm import RPM, parse_database
from secure.scan.formats.pieces import FormatError
from secure.scan.formats.rpm_header import Header
from secure.scan.formats.sqlite import table_rows
from secure.scan.layer_facts import Record

NAME = b"var/lib/rpm/rpmdb.sqlite"
DATABASES = ("cbl-mariner-2.0/rpmdb.sqlite", "sle15-bci/Packages.db", "syft-bdb/Packages")
Edits = list[tuple[float, bytes]]


def read(content: bytes) -> list[Record | Unreadable]:
    return list(parse_database(FileView(NAME, content)))


def reasons(items: Iterable[Record | Unreadable]) -> list[str]:
    return [item.why for item in items if isinstance(item, Unreadable)]


def header(*entries: tuple[int, int, int, int], store: bytes = b"") -> bytes:
    return struct.pack(">2I", len(entries), len(store)) + b"".join(
        struct.pack(">4I", *entry) for entry in entries
    ) + store  # fmt: skip


def packed(*blobs: bytes) -> bytes:
    """An SQLite database of rpm with these blobs."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    database.commit()
    content = database.serialize()
    database.close()
    return content


def ndb(*slots: tuple[int, int, int], blob: bytes = b"", pages: int = 1) -> bytes:
    page = struct.pack("<4s3I16x", b"RpmP", 0, 1, pages)
    page += b"".join(struct.pack("<4s3I", b"Slot", *slot) for slot in slots)
    page += struct.pack("<4s3I", b"Slot", 0, 0, 0) * ((pages * 4096 - len(page)) // 16)
    return page + blob


def framed(number: int, content: bytes) -> bytes:
    padded = content + bytes(-(len(content) + 28) % 16)
    body = struct.pack("<4s3I", b"BlbS", number, 1, len(content)) + padded
    return body + struct.pack("<2I4s", zlib.adler32(body), len(content), b"BlbE")


GOOD = header(
    (1000, 6, 0, 1), (1001, 6, 2, 1), (1002, 6, 2, 1), store=b"a\0" + b"1\0"
)  # fmt: skip

FRAMED = framed(1, GOOD)


def test_the_smallest_header_is_a_package() -> None:
    for content in (packed(GOOD), ndb((1, 256, len(FRAMED) // 16), blob=FRAMED)):
        (record,) = read(content)
        assert isinstance(record, Record)
        assert (record.package.name, record.package.version) == ("a", "1-1")


def test_one_bad_header_hides_no_other() -> None:
    found = read(packed(GOOD, b"\xff" * 40, GOOD))
    assert [type(item) for item in found] == [Record, Unreadable, Record]


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (b"", "no header"),
        (header((1000, 6, 9, 1), (1001, 6, 0, 1), store=b"1\0"), "outside the header"),
        (header((1000, 6, 0, 1), (1001, 6, 0, 1), store=b"no end"), "has no end"),
        (header((1000, 4, 0, 1), (1001, 6, 0, 1), store=b"1234"), "not strings"),
        (header((1000, 6, 0, 1), store=b"a\0"), "no version"),
        (header((1003, 6, 0, 1), (1000, 6, 0, 1), (1001, 6, 0, 1), store=b"a\0"), "not numbers"),
        (GOOD.replace(b"\0\0\0\3", b"\0\1\0\0", 1), "do not fit"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(blob: bytes, why: str) -> None:
    (reason,) = reasons(read(packed(blob)))
    assert why in reason


def test_a_million_promised_strings_cost_nothing() -> None:
    blob = header((1000, 6, 0, 1), (1001, 6, 0, 1), (1049, 8, 0, 1 << 31), store=b"a\0" * 500)
    with pytest.raises(FormatError):
        Header(blob).strings(1049)
    many = header((1049, 8, 0, 30_000_000), store=bytes(30_000_000))
    tracemalloc.start()
    with pytest.raises(FormatError):
        Header(many).strings(1049)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000


def test_files_that_do_not_fit_their_directories_are_said() -> None:
    store = b"a\0" + b"1\0" + b"/d/\0" + struct.pack(">I", 7)
    blob = header(
        (1000, 6, 0, 1), (1001, 6, 2, 1), (1117, 8, 0, 1), (1118, 8, 4, 1), (1116, 4, 8, 1),
        store=store,
    )  # fmt: skip
    (reason,) = reasons(read(packed(blob)))
    assert "directories" in reason


def test_an_overflow_chain_that_bites_its_tail_ends() -> None:
    content = bytearray(packed(GOOD + bytes(9_000)))
    overflow = 2 * 4096  # page 1 schema, page 2 the table, from page 3 on the chain
    content[overflow : overflow + 4] = (3).to_bytes(4, "big")
    (reason,) = reasons(read(bytes(content)))
    assert "page 3 is used twice" in reason


def test_a_tree_that_is_its_own_child_ends() -> None:
    content = bytearray(packed(*[GOOD * 10] * 300))
    root = 4096
    assert content[root] == 5
    content[root + 8 : root + 12] = (2).to_bytes(4, "big")
    found = list(table_rows(bytes(content), b"Packages"))
    assert any(isinstance(item, FormatError) and "twice" in str(item) for item in found)


def test_cells_on_each_other_are_not_read() -> None:
    content = bytearray(packed(GOOD, GOOD))
    content[4096 + 8 : 4096 + 10] = content[4096 + 10 : 4096 + 12]
    (reason,) = reasons(read(bytes(content)))
    assert "on each other" in reason


def test_slots_that_share_one_blob_do_not_multiply_it() -> None:
    blob = framed(1, GOOD * 1_000)
    content = ndb(*[(1, 256, len(blob) // 16)] * 250, blob=blob)
    found = read(content)
    assert sum(isinstance(item, Record) for item in found) <= 2
    assert reasons(found)[-1] == "its blobs are longer than the database"


def test_a_blob_that_was_changed_is_not_trusted() -> None:
    blob = FRAMED.replace(b"a\0", b"b\0")
    (reason,) = reasons(read(ndb((1, 256, len(blob) // 16), blob=blob)))
    assert "checksum" in reason


def test_a_log_with_changes_is_reported() -> None:
    (found,) = parse_database(FileView(NAME + b"-wal", bytes(4_128)))
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize("content", [b"", b"x", b"SQLite format 3\0", b"RpmP", bytes(4_096)])
def test_what_is_no_database_is_reported(content: bytes) -> None:
    assert len(reasons(read(content))) == 1


@pytest.mark.parametrize("path", DATABASES)
@pytest.mark.parametrize("part", [0.01, 0.3, 0.7, 0.999])
def test_a_database_cut_off_is_reported(shared: Path, path: str, part: float) -> None:
    content = (shared / "rpmdb" / path).read_bytes()
    assert reasons(read(content[: int(len(content) * part)]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(DATABASES),
    st.lists(st.tuples(st.floats(0, 0.999), st.binary(min_size=1, max_size=6)), max_size=40),
    st.booleans(),
)
@example(DATABASES[2], [(0.0013, b"\xff\xff\xff\xff")], False)
def test_a_changed_database_is_read_or_reported_in_bounded_time(
    shared: Path, path: str, edits: Edits, at_the_head: bool
) -> None:
    content = bytearray((shared / "rpmdb" / path).read_bytes())
    for place, change in edits:
        at = int(place * (min(len(content), 8_192) if at_the_head else len(content)))
        content[at : at + len(change)] = change
    started = time.monotonic()
    for item in read(bytes(content)):
        assert isinstance(item, Unreadable) or (item.package.name and item.package.version)
    assert time.monotonic() - started < 5


@given(st.binary(max_size=400))
def test_a_header_of_any_bytes_is_read_or_refused(blob: bytes) -> None:
    for item in read(packed(blob)):
        assert isinstance(item, Record | Unreadable)


def test_a_database_beyond_the_limit_for_secrets_is_still_complete(tmp_path: Path) -> None:
    content = packed(*[GOOD + bytes(2_000)] * 9_000)
    assert len(content) > 16 << 20
    release = file("etc/os-release", "ID=fedora\n")
    facts = scanned(tmp_path, [layer(release, file(NAME.decode(), content))])
    assert facts.unreadable == ()
    assert facts.complete


def test_the_largest_database_is_read_in_linear_time() -> None:
    def seconds(count: int) -> float:
        content = packed(*[GOOD + bytes(2_000)] * count)
        started = time.monotonic()
        assert len(read(content)) == count
        return time.monotonic() - started

    seconds(100)
    assert seconds(8_000) < 40 * seconds(800) + 0.5
    assert RPM.max_bytes >= 64 << 20
