"""What is in a database, as a stream of rows: uncompressed, for one compression over all of them.

    row = length of the rest (4 bytes, little endian), MessagePack: [table, column, ...]

Blocks that are compressed each by itself repeat what others have: together they take half of the
room or less. What SQLite and zstd make of the rows depends on their versions; the rows do not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import msgspec
import zstandard

from secure.errors import ArchiveError
from secure.facts.plain import plain
from secure.vulns import blocks, schema
from secure.vulns.database_file import DatabaseFile
from secure.vulns.database_status import status_of
from secure.vulns.fresh_file import FreshFile, appearing, list_compressor
from secure.vulns.identifiers import Identifiers

# `meta` is first, as it has the dictionary; with each table the columns that tell its rows apart.
# `identifier` follows from the heads of advisories, and would take a tenth of an exported file.
_TABLES = {
    "meta": "name",
    "feed": "number",
    "ecosystem": "number",
    "severity": "number",
    "affected": "ecosystem, first",
    "advisory": "first",
    "description": "first",
    "kev": "cve",
    "epss": "cve",
    "release": "ecosystem",
}
_BLOCKS = ("advisory", "description")  # compressed without a dictionary
_Compress = Callable[[bytes], bytes]
_AGAIN = "Copy the file again."
_WITHOUT_DETAILS = ("details", 0)  # a row of meta
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[object, ...]).decode
_MOST_BYTES = schema.MAX_BLOCK_BYTES + 1024  # of one row
# What is wrong with a stranger's rows shows when they are read, compressed or inserted.
_UNFIT = (
    msgspec.MsgspecError,
    zstandard.ZstdError,
    sqlite3.IntegrityError,
    sqlite3.DataError,
    ValueError,
    TypeError,
    LookupError,
    RecursionError,
    OverflowError,
)


def rows(file: DatabaseFile, *, details: bool) -> Iterator[bytes]:
    """Every row of a database.

    Args:
        details: with details and references of advisories; without, summaries are all their prose.

    Raises:
        TamperedError: the file is damaged.
    """
    lists = file.dictionary()
    for table, columns in _TABLES.items():
        query = f"SELECT * FROM {table} ORDER BY {columns}"  # noqa: S608 - of our own words
        with file.reading:
            for *values, last in file.connection.execute(query):
                if table == "affected":
                    last = file.unpacked(last, lists)  # noqa: PLW2901
                elif table in _BLOCKS:
                    last = file.unpacked(last)  # noqa: PLW2901
                if table == "description" and not details:
                    last = blocks.summaries_of(last)  # noqa: PLW2901
                if (table, *values) != ("meta", "details"):
                    yield _framed((table, *values, last))
        if table == "meta" and not (details and status_of(file).details):
            yield _framed((table, *_WITHOUT_DETAILS))


def _framed(row: tuple[object, ...]) -> bytes:
    content = _encode(row)
    return len(content).to_bytes(4, "little") + content


def rebuild(pieces: Iterable[bytes], path: str, where: str) -> None:
    """Write the database of these rows to `path`, over what is there.

    Args:
        pieces: of the stream, cut anywhere.
        where: the rows come from, for people.

    Raises:
        ArchiveError: they are not the rows of a database.
        MachineError: the disk is full or not ours.
    """
    with appearing(path) as temporary:
        fresh = FreshFile(temporary)
        try:
            fresh.connection.execute("BEGIN")
            _fill(fresh, pieces)
            fresh.finish()
        except _UNFIT as cause:
            raise ArchiveError(
                f"{where}: does not hold the rows of a database: {plain(str(cause)[:200])}",
                do=_AGAIN,
            ) from cause
        finally:
            fresh.close()


def _fill(fresh: FreshFile, pieces: Iterable[bytes]) -> None:
    compress: dict[str, _Compress] = dict.fromkeys(_BLOCKS, fresh.compress)
    identifiers = Identifiers()
    for given, found in groupby(_rows_of(pieces), itemgetter(0)):
        table = _known(given)
        if table == "advisory":
            found = _noted(found, identifiers)  # noqa: PLW2901
        count = len(fresh.connection.execute(f"PRAGMA table_info({table})").fetchall())
        if table == "affected":
            compress["affected"] = _of_lists(fresh.connection)
        marks = ", ".join("?" * count)
        fresh.connection.executemany(
            f"INSERT INTO {table} VALUES ({marks})",  # noqa: S608 - a known table
            (_stored(row, count, compress.get(table)) for row in found),
        )
    named = identifiers.rows(_dropped(fresh.connection))
    fresh.connection.executemany("INSERT INTO identifier VALUES (?, ?)", named)


def _noted(
    found: Iterator[tuple[object, ...]], identifiers: Identifiers
) -> Iterator[tuple[object, ...]]:
    """The same rows of heads, each of which is found by its names from then on."""
    for row in found:
        match row:
            case (_, int(first), bytes(heads)):
                for number, head in enumerate(schema.HEADS.decode(heads), start=first):
                    identifiers.add(number, schema.HEAD.decode(head))
            case _:
                raise ValueError("heads are no blob with a number")
        yield row


def _dropped(connection: sqlite3.Connection) -> Container[int]:
    found = connection.execute("SELECT value FROM meta WHERE name = 'dropped'").fetchone()
    return schema.NUMBERS.decode(found[0]) if found else ()


def _known(table: object) -> str:
    if not isinstance(table, str) or table not in _TABLES:
        raise ValueError(f"there is no table {table!r}")
    return table


def _of_lists(connection: sqlite3.Connection) -> _Compress:
    found = connection.execute("SELECT value FROM meta WHERE name = 'dictionary'").fetchone()
    if found is None or not isinstance(found[0], bytes):
        raise ValueError("there is no dictionary")
    return list_compressor(zstandard.ZstdCompressionDict(found[0])).compress


def _stored(row: tuple[object, ...], count: int, compress: _Compress | None) -> tuple[object, ...]:
    *values, last = row[1:]
    if len(values) + 1 != count:
        raise ValueError(f"a row has {len(values) + 1} columns instead of {count}")
    if not all(isinstance(value, int | str | bytes | None) for value in (*values, last)):
        raise TypeError("a column is neither number nor text nor blob")
    if compress is None:
        return (*values, last)
    if not isinstance(last, bytes):
        raise TypeError("a block is no blob")
    return (*values, compress(last))


def _rows_of(pieces: Iterable[bytes]) -> Iterator[tuple[object, ...]]:
    held = bytearray()
    for piece in pieces:
        held += piece
        at = 0
        while len(held) - at >= 4:
            end = at + 4 + int.from_bytes(held[at : at + 4], "little")
            if end - at > _MOST_BYTES:
                raise ValueError(f"a row has over {_MOST_BYTES} bytes")
            if end > len(held):
                break
            yield _decode(memoryview(held)[at + 4 : end])
            at = end
        del held[:at]
    if held:
        raise ValueError("the last row is cut off")
