"""A database file that is open: rows and blobs of it, and a typed error for whatever is wrong.

Nothing of it is taken on trust: its tables are ours by name and kind (a view could compute for
ever), its blobs are unpacked and decoded by type and in bounds.
"""

from __future__ import annotations

import sqlite3
from typing import TypeVar
from urllib.parse import quote

import msgspec
import zstandard

from secure import system as os
from secure.errors import NotFoundError, TamperedError, UnsupportedError
from secure.vulns import schema

_T = TypeVar("_T")
# What sqlite3 says of a file that is not as SQLite wrote it, and a decoder of bytes not its own.
_DAMAGE = (
    sqlite3.Error,
    msgspec.MsgspecError,
    zstandard.ZstdError,
    ValueError,
    TypeError,
    IndexError,
    RecursionError,
    OverflowError,
)
_LONGEST_BLOB = 256 * 1024 * 1024  # SQLite refuses longer values instead of making room for them
_AGAIN = "Get it again: secure db update, or secure db import FILE."


class _Reading:
    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, cause: BaseException | None, trace: object) -> None:
        if isinstance(cause, _DAMAGE):
            raise _damaged(self._path, cause) from cause


class DatabaseFile:
    """One open file; made by `open_file`.

    Args:
        reading: what is read within it says so where the file is damaged.

    Raises:
        TamperedError: from every method, where the file turns out to be damaged.
    """

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self.connection, self.path = connection, path
        self.reading = _Reading(path)
        self._decompressor = zstandard.ZstdDecompressor()

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """All rows of a query."""
        with self.reading:
            return self.connection.execute(query, values).fetchall()

    def pairs(self, query: str) -> dict[object, object]:
        """The rows of a query with two columns."""
        return {row[0]: row[1] for row in self.rows(query)}

    def dictionary(self) -> zstandard.ZstdDecompressor:
        """What unpacks lists of affected."""
        content = self.pairs("SELECT name, value FROM meta").get("dictionary")
        with self.reading:
            return zstandard.ZstdDecompressor(
                dict_data=zstandard.ZstdCompressionDict(self.blob(content))
            )

    def unpacked(self, content: object, by: zstandard.ZstdDecompressor | None = None) -> bytes:
        """What was compressed to this blob.

        Args:
            by: has a dictionary.
        """
        with self.reading:
            return unpack(self.blob(content), by or self._decompressor)

    def decoded(self, decoder: msgspec.msgpack.Decoder[_T], content: object) -> _T:
        """The record in this blob."""
        with self.reading:
            return decoder.decode(self.blob(content))

    def blob(self, content: object) -> bytes:
        """A value that has to be a blob."""
        if not isinstance(content, bytes):
            raise self.damaged(TypeError("a record is no blob"))
        return content

    def whole(self, value: object) -> int:
        """A value that has to be a whole number."""
        if not isinstance(value, int):
            raise self.damaged(TypeError("a number is none"))
        return value

    def damaged(self, cause: Exception) -> TamperedError:
        """The error to raise."""
        return _damaged(self.path, cause)

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def unpack(content: bytes, by: zstandard.ZstdDecompressor) -> bytes:
    """One block of a database, decompressed.

    Raises:
        ValueError, zstandard.ZstdError: it is none.
    """
    # The size in the frame's header is a stranger's: never more than a block's is made.
    if zstandard.frame_content_size(content) > schema.MAX_BLOCK_BYTES:
        raise ValueError("a block is too large")
    return by.decompress(content, max_output_size=schema.MAX_BLOCK_BYTES)


def open_file(path: str) -> DatabaseFile:
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
    found = DatabaseFile(connection, path)
    try:
        with found.reading:
            _guard(connection)
            _check_tables(connection, path)
    except BaseException:
        found.close()
        raise
    return found


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


def _damaged(path: str, cause: BaseException) -> TamperedError:
    return TamperedError(f'vulnerability database "{path}" is damaged: {cause}', do=_AGAIN)
