"""A database as rows, and made of them again."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from advisory_feeds import advisory, built, feed

from secure.vulns import schema
from secure.vulns.build import Tables
from secure.vulns.contents import rebuild, rows
from secure.vulns.database import Database, open_database
from secure.vulns.database_file import open_file
from secure.vulns.osv import Reference, Severity
from secure.vulns.parcel import waybill_of, write_parcel
from secure.vulns.schema import Description, Exploited, Lifetime, Probability

_PAD = ("npm", "left-pad")
_PROSE = Description("short", "long", (("WEB", "https://example.org/1"),))


def _original(folder: Path) -> str:
    spoken = msgspec.structs.replace(
        advisory("A-0", _PAD, aliases=("CVE-1",)),
        severity=(Severity("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"),),
        summary="short",
        details="long",
        references=(Reference("WEB", "https://example.org/1"),),
    )
    others = [advisory(f"A-{n}", _PAD, ("Debian:12", f"p{n}")) for n in range(1, 150)]
    gone = advisory("A-999", _PAD, withdrawn="2024-01-01T00:00:00Z")
    tables = Tables(
        kev={"CVE-1": Exploited("2025-01-01")},
        epss=(("CVE-1", Probability(0.25, 0.5)),),
        lifetimes={"Debian:9": Lifetime("9", "Stretch")},
    )
    built(folder / "original.db", feed(spoken, *others, gone), tables=tables)
    return str(folder / "original.db")


def _rows(path: str, *, details: bool = True) -> list[bytes]:
    file = open_file(path)
    try:
        return list(rows(file, details=details))
    finally:
        file.close()


def _rebuilt(folder: Path, found: list[bytes], name: str = "rebuilt.db") -> str:
    rebuild(found, str(folder / name), "a test")
    return str(folder / name)


def _told(found: Database) -> object:
    packages = [_PAD, *(("Debian:12", f"p{n}") for n in range(151))]
    return (
        found.status(),
        [found.affected(*one) for one in packages],
        [(found.advisory(n), found.description(n), found.by_id(f"A-{n}")) for n in range(1, 152)],
        (
            found.by_id("CVE-1"),
            found.kev(["CVE-1"]),
            found.epss(["CVE-1"]),
            found.release("Debian:9"),
        ),
    )


def test_a_database_made_of_the_rows_of_another_answers_as_that_one(tmp_path: Path) -> None:
    path = _original(tmp_path)
    with open_database(path) as one, open_database(_rebuilt(tmp_path, _rows(path))) as other:
        assert _told(other) == _told(one)


def test_rows_stay_the_same_however_often_a_database_is_made_of_them(tmp_path: Path) -> None:
    found = _rows(_original(tmp_path))
    first, second = (_rebuilt(tmp_path, found, name) for name in ("1.db", "2.db"))
    assert _rows(first) == found
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_rows_may_be_cut_anywhere(tmp_path: Path) -> None:
    found = _rows(_original(tmp_path))
    stream = b"".join(found)
    pieces = [stream[at : at + 1000] for at in range(0, len(stream), 1000)]
    assert _rows(_rebuilt(tmp_path, pieces)) == found


def test_without_details_summaries_stay_and_matching_is_the_same(tmp_path: Path) -> None:
    path = _original(tmp_path)
    slim = _rebuilt(tmp_path, _rows(path, details=False))
    with open_database(path) as whole, open_database(slim) as found:
        assert whole.description(1) == _PROSE
        assert found.description(1) == Description("short")
        assert found.affected(*_PAD) == whole.affected(*_PAD)
        assert (whole.status().details, found.status().details) == (True, False)
    # what was left out does not come back
    assert _rows(slim) == _rows(path, details=False)


def test_every_table_is_among_the_rows_but_one_that_follows_from_heads(tmp_path: Path) -> None:
    there = {msgspec.msgpack.decode(row[4:])[0] for row in _rows(_original(tmp_path))}
    assert there == schema.TABLES - {"identifier"}


def test_what_a_newer_record_stands_for_is_not_found_in_a_database_of_rows_either(
    tmp_path: Path,
) -> None:
    old = advisory("A-1", _PAD, aliases=("CVE-old",), modified="2024-01-01T00:00:00Z")
    new = advisory("A-1", _PAD, aliases=("CVE-new",), modified="2025-01-01T00:00:00Z")
    built(tmp_path / "original.db", feed(old, new))
    again = _rebuilt(tmp_path, _rows(str(tmp_path / "original.db")))
    for path in (str(tmp_path / "original.db"), again):
        with open_database(path) as found:
            names = ("A-1", "CVE-old", "CVE-new")
            assert [found.by_id(name) for name in names] == [(2,), (), (2,)]


@pytest.mark.parametrize("cause", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_why_an_export_ended_early_is_not_hidden(tmp_path: Path, cause: BaseException) -> None:
    """The compressor would say that it got too little, in place of it."""
    path = _original(tmp_path)
    with open_database(path) as found:
        waybill = waybill_of(found.status(), _rows(path), details=True)

    def broken() -> Iterator[bytes]:
        yield from islice(_rows(path), 3)
        raise cause

    with pytest.raises(type(cause)) as told:
        write_parcel(waybill, broken(), BytesIO())
    assert told.value is cause
