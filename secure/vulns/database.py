"""The vulnerability database, open for reading: by many processes at once, from an immutable file.

Whatever is wrong with the file is a typed error; nothing of it is taken on trust: its tables are
ours by name and kind (a view could compute for ever), its blobs are decoded by type and in bounds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Self, TypeVar
from urllib.parse import quote

import msgspec
import zstandard

from secure import system as os
from secure.errors import NotFoundError, TamperedError, UnsupportedError
from secure.vulns import blocks, schema
from secure.vulns.compact import Affected
from secure.vulns.osv import Severity
from secure.vulns.schema import (
    AdvisoryHead,
    Description,
    Exploited,
    Lifetime,
    Probability,
    StoredHead,
)

_T = TypeVar("_T")
_MILLION = 1_000_000
_AFFECTED = (
    "SELECT content FROM affected WHERE ecosystem = ? AND first <= ? ORDER BY first DESC LIMIT 1"
)
_HEADS = "SELECT first, content FROM advisory WHERE first <= ? ORDER BY first DESC LIMIT 1"
_DESCRIPTION = "SELECT first, content FROM description WHERE first <= ? ORDER BY first DESC LIMIT 1"
# What sqlite3 says of a file that is not as SQLite wrote it.
_DAMAGE = (sqlite3.Error, UnicodeDecodeError)
# What a decoder says of bytes that are not its own.
_UNREADABLE = (
    msgspec.MsgspecError,
    ValueError,
    TypeError,
    IndexError,
    RecursionError,
    OverflowError,
)
_LONGEST_BLOB = 256 * 1024 * 1024  # SQLite refuses longer values instead of making room for them
_AGAIN = "Get it again: secure db update, or secure db import FILE."


class FeedStatus(msgspec.Struct, frozen=True):
    """One source of records.

    Args:
        refused: how many of its records were not used.
        newest: when the newest was modified, RFC 3339; "" where no record says.
        bytes, sha256: of what was read.
    """

    name: str
    records: int
    refused: int
    newest: str
    bytes: int
    sha256: str


class EcosystemStatus(msgspec.Struct, frozen=True):
    """How many advisories an ecosystem has, and when the newest was modified."""

    name: str
    records: int
    newest: str


class DatabaseStatus(msgspec.Struct, frozen=True):
    """What a database is: age, sources, size.

    Args:
        starter: only the set that comes with the program.
        releases: of how many releases of distributions the end of support is known.
    """

    built_at: str
    starter: bool
    records: int
    newest: str
    feeds: tuple[FeedStatus, ...]
    ecosystems: tuple[EcosystemStatus, ...]
    releases: int = 0


def open_database(path: str) -> Database:
    """Open the file at `path`, which nobody writes to any more.

    Raises:
        NotFoundError: there is no such file.
        UnsupportedError: a database of another version, or another kind of file.
        TamperedError: it is damaged.
    """
    _check_head(path)
    uri = f"file:{quote(path)}?mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    except sqlite3.Error as cause:
        raise _damaged(path, cause) from cause
    try:
        _guard(connection)
        _check_tables(connection, path)
        return Database(connection, path)
    except BaseException as cause:
        connection.close()
        if isinstance(cause, _DAMAGE):
            raise _damaged(path, cause) from cause
        raise


def _guard(connection: sqlite3.Connection) -> None:
    """Nothing in the file is run, and no value is longer than any of ours."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_BLOB)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


def _check_head(path: str) -> None:
    """The file is one of ours, of this version, and as long as it says (SQLite format, 1.3)."""
    try:
        with open(path, "rb") as file:
            head, size = file.read(100), os.fstat(file.fileno()).st_size
    except OSError as cause:
        raise NotFoundError(
            f'there is no vulnerability database at "{path}": {cause.strerror}',
            do="Get one: secure db update",
        ) from cause
    mark, version = int.from_bytes(head[68:72]), int.from_bytes(head[60:64])
    if not head.startswith(b"SQLite format 3\0") or mark != schema.APPLICATION_ID:
        raise UnsupportedError(f'"{path}" is no vulnerability database of ours', do=_AGAIN)
    if version != schema.VERSION:
        raise UnsupportedError(
            f'"{path}" has version {version} of the schema; this program reads {schema.VERSION}',
            do=_AGAIN,
        )
    expected = int.from_bytes(head[16:18]) * int.from_bytes(head[28:32])
    if size != expected:
        raise TamperedError(f'"{path}" has {size} bytes instead of {expected}', do=_AGAIN)


def _check_tables(connection: sqlite3.Connection, path: str) -> None:
    there = connection.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL")
    if set(there) != {("table", name) for name in schema.TABLES}:
        raise UnsupportedError(f'"{path}" has other tables than a database of ours', do=_AGAIN)


def _damaged(path: str, cause: Exception) -> TamperedError:
    return TamperedError(f'vulnerability database "{path}" is damaged: {cause}', do=_AGAIN)


class Database:
    """One open file; also a context manager. Made by `open_database`.

    Raises:
        TamperedError: from every method, where the file turns out to be damaged.
    """

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection, self.path = connection, path
        self._ecosystems: dict[str, int] = {}
        for number, name in self._rows("SELECT number, name FROM ecosystem"):
            self._ecosystems[str(name)] = _whole(number, path)
        self._feeds = self._pairs("SELECT number, name FROM feed")
        self._decompressor = zstandard.ZstdDecompressor()
        self._of_lists = self._with_dictionary()
        self._heads: tuple[int, tuple[StoredHead, ...]] = (0, ())  # one block: matches come in runs
        self._prose: tuple[object, bytes] = (None, b"")  # one block too
        self._severities: dict[int, Severity] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def affected(self, ecosystem: str, name: str) -> tuple[Affected, ...]:
        """What advisories say of the package `name` of `ecosystem`, by number; () where none do."""
        return self.affected_by_name(ecosystem, (name,)).get(name, ())

    def affected_by_name(
        self, ecosystem: str, names: Iterable[str]
    ) -> dict[str, tuple[Affected, ...]]:
        """The same for many packages of one ecosystem; those that nothing is known of are left out.

        Sorted names read the file in its order.
        """
        number = self._ecosystems.get(ecosystem)
        if number is None:
            return {}
        found = {}
        group: dict[str, msgspec.Raw] = {}
        ask, query = self._connection.execute, _AFFECTED
        try:
            for name in names:
                if name not in group:  # else the one before it was its neighbour
                    for (content,) in ask(query, (number, name)):
                        group = blocks.GROUP.decode(self._unlisted(content))
                if name in group:
                    found[name] = schema.AFFECTED.decode(group[name])
        except (*_DAMAGE, *_UNREADABLE) as cause:
            raise _damaged(self.path, cause) from cause
        return found

    def advisory(self, number: int) -> AdvisoryHead:
        """The head of one advisory.

        Raises:
            NotFoundError: there is none with this number.
        """
        head = self._head(number)
        if head is not None:
            return AdvisoryHead(
                number=number,
                id=head.id,
                aliases=head.aliases,
                related=head.related,
                upstream=head.upstream,
                severities=tuple(map(self._severity, head.severities)),
                published=schema.rfc3339(head.published),
                modified=schema.rfc3339(head.modified),
                withdrawn=schema.rfc3339(head.withdrawn),
                feed=str(self._feeds.get(head.feed, "")),
            )
        raise NotFoundError(f"advisory number {number} is not in the database")

    def _head(self, number: int) -> StoredHead | None:
        first, heads = self._heads
        if not 0 <= number - first < len(heads):
            for begin, content in self._rows(_HEADS, number):
                first = _whole(begin, self.path)
                heads = self._decoded(schema.HEADS, self._unpacked(content))
                self._heads = first, heads
        at = number - first
        return heads[at] if 0 <= at < len(heads) else None

    def description(self, number: int) -> Description:
        """Prose and references of one advisory; empty where it is withdrawn."""
        for first, content in self._rows(_DESCRIPTION, number):
            if first != self._prose[0]:
                self._prose = first, self._unpacked(content)
            try:
                return blocks.prose_at(self._prose[1], number - _whole(first, self.path))
            except _UNREADABLE as cause:
                raise _damaged(self.path, cause) from cause
        return Description()

    def by_id(self, identifier: str) -> tuple[int, ...]:
        """Numbers of the advisories that have this id or alias."""
        query = "SELECT content FROM identifier WHERE bucket = ?"
        heads = [
            (number, self._head(number))
            for (content,) in self._rows(query, blocks.bucket_of(identifier))
            for number in blocks.numbers_in(self._bytes(content), identifier)
        ]
        return tuple(
            number for number, head in heads if head and identifier in (head.id, *head.aliases)
        )

    def packages(self, name: str) -> Iterator[tuple[str, tuple[Affected, ...]]]:
        """Each ecosystem that has a package `name`, with what is said of it."""
        for ecosystem in sorted(self._ecosystems):
            found = self.affected(ecosystem, name)
            if found:
                yield ecosystem, found

    def ecosystems(self) -> dict[str, int]:
        """Every ecosystem with how many advisories it has."""
        return {one.name: one.records for one in self._ecosystem_rows()}

    def kev(self, cve: str) -> Exploited | None:
        """The entry of the catalogue of exploited vulnerabilities."""
        for (content,) in self._rows("SELECT content FROM kev WHERE cve = ?", cve):
            return self._decoded(schema.EXPLOITED, content)
        return None

    def epss(self, cve: str) -> Probability | None:
        """The probability that it will be exploited."""
        query = "SELECT score, percentile FROM epss WHERE cve = ?"
        for score, percentile in self._rows(query, cve):
            return Probability(
                _whole(score, self.path) / _MILLION, _whole(percentile, self.path) / _MILLION
            )
        return None

    def release(self, ecosystem: str) -> Lifetime | None:
        """When the distribution release of `ecosystem` ("Debian:12") ends."""
        for (content,) in self._rows("SELECT content FROM release WHERE ecosystem = ?", ecosystem):
            return self._decoded(schema.LIFETIME, content)
        return None

    def status(self) -> DatabaseStatus:
        """Age, sources and sizes."""
        meta = self._pairs("SELECT name, value FROM meta")
        feeds = self._rows(
            "SELECT name, records, refused, newest, bytes, sha256 FROM feed ORDER BY name"
        )
        newest = meta.get("newest")
        return DatabaseStatus(
            built_at=str(meta.get("built_at", "")),
            starter=bool(meta.get("starter")),
            records=_whole(meta.get("records", 0), self.path),
            newest=schema.rfc3339(newest if isinstance(newest, int) else None),
            feeds=tuple(self._feed_status(*row) for row in feeds),
            ecosystems=tuple(self._ecosystem_rows()),
            releases=len(self._rows("SELECT ecosystem FROM release")),
        )

    def _feed_status(self, *row: object) -> FeedStatus:
        name, records, refused, newest, size, sha256 = row
        return FeedStatus(
            name=str(name),
            records=_whole(records, self.path),
            refused=_whole(refused, self.path),
            newest=schema.rfc3339(newest if isinstance(newest, int) else None),
            bytes=_whole(size, self.path),
            sha256=str(sha256),
        )

    def _ecosystem_rows(self) -> Iterator[EcosystemStatus]:
        for name, records, newest in self._rows(
            "SELECT name, records, newest FROM ecosystem ORDER BY name"
        ):
            time = newest if isinstance(newest, int) else None
            yield EcosystemStatus(str(name), _whole(records, self.path), schema.rfc3339(time))

    def _severity(self, number: int) -> Severity:
        if number not in self._severities:
            query = "SELECT type, score FROM severity WHERE number = ?"
            for kind, score in self._rows(query, number):
                self._severities[number] = Severity(str(kind), str(score))
        return self._severities.get(number) or Severity("", "")

    def _with_dictionary(self) -> zstandard.ZstdDecompressor:
        content = self._pairs("SELECT name, value FROM meta").get("dictionary")
        if not isinstance(content, bytes):
            raise _damaged(self.path, TypeError("the dictionary is no blob"))
        try:
            return zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(content))
        except zstandard.ZstdError as cause:
            raise _damaged(self.path, cause) from cause

    def _unlisted(self, content: object) -> bytes:
        return self._unpacked(content, self._of_lists)

    def _unpacked(self, content: object, by: zstandard.ZstdDecompressor | None = None) -> bytes:
        if not isinstance(content, bytes):
            raise _damaged(self.path, TypeError("a description is no blob"))
        try:
            # The size in the frame's header is a stranger's: never more than a block's is made.
            if zstandard.frame_content_size(content) > schema.MAX_BLOCK_BYTES:
                raise _damaged(self.path, ValueError("a description is too large"))
            return (by or self._decompressor).decompress(
                content, max_output_size=schema.MAX_BLOCK_BYTES
            )
        except zstandard.ZstdError as cause:
            raise _damaged(self.path, cause) from cause

    def _bytes(self, content: object) -> bytes:
        if not isinstance(content, bytes):
            raise _damaged(self.path, TypeError("a record is no blob"))
        return content

    def _decoded(self, decoder: msgspec.msgpack.Decoder[_T], content: object) -> _T:
        try:
            return decoder.decode(self._bytes(content))
        except _UNREADABLE as cause:
            raise _damaged(self.path, cause) from cause

    def _pairs(self, query: str) -> dict[object, object]:
        return {row[0]: row[1] for row in self._rows(query)}

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except _DAMAGE as cause:
            raise _damaged(self.path, cause) from cause


def _whole(value: object, path: str) -> int:
    if not isinstance(value, int):
        raise _damaged(path, TypeError("a number is none"))
    return value
