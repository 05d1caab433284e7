"""What is said of packages, while a database is built: it comes by record, and is kept by package.

It is staged in a second file, and gathered by SQLite's sorter at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import zstandard

from secure.vulns import blocks
from secure.vulns.fresh_file import list_compressor

_SAMPLES = 20_000  # of which the dictionary is made
_BATCH = 2_000  # rows a statement
_CACHE_KIB = 64 * 1024


class Stage:
    """A second file beside the database of this connection."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        run = connection.execute
        run("ATTACH ? AS stage", (path,))
        run("PRAGMA stage.journal_mode = OFF")
        run("PRAGMA stage.synchronous = OFF")
        run(f"PRAGMA cache_size = -{_CACHE_KIB}")
        run("CREATE TABLE stage.affected (ecosystem, name, number, content)")
        self._rows: list[tuple[int, str, int, bytes]] = []

    def add(self, ecosystem: int, name: str, number: int, content: bytes) -> None:
        """What the advisory `number` says of one package."""
        self._rows.append((ecosystem, name, number, content))
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._connection.executemany("INSERT INTO stage.affected VALUES (?, ?, ?, ?)", self._rows)
        self._rows = []

    def gathered(self, dropped: set[int]) -> Iterator[tuple[int, str, bytes]]:
        """Packages in their order, several together, as the table `affected` has them.

        The dictionary that they need is put into the table `meta`.

        Args:
            dropped: advisories that a newer one stands for.
        """
        self._flush()
        many, run = self._connection.executemany, self._connection.execute
        # Staged once more, to learn from samples.
        run("CREATE TABLE stage.grouped (ecosystem, first, content)")
        many("INSERT INTO stage.grouped VALUES (?, ?, ?)", blocks.grouped(self._lists(dropped)))
        made = self._dictionary()
        run("INSERT INTO meta VALUES (?, ?)", ("dictionary", made.as_bytes()))
        compressor = list_compressor(made)
        for ecosystem, first, content in run("SELECT * FROM stage.grouped ORDER BY rowid"):
            yield ecosystem, first, compressor.compress(content)

    def _lists(self, dropped: set[int]) -> Iterator[tuple[int, str, bytes]]:
        """Each package: all that is known of it as one list."""
        rows = self._connection.execute(
            "SELECT ecosystem, name, number, content FROM stage.affected"
            " ORDER BY ecosystem, name, number, content"
        )
        for (ecosystem, name), group in groupby(rows, itemgetter(0, 1)):
            known = [row[3] for row in group if row[2] not in dropped]
            if known:
                yield ecosystem, name, blocks.list_of(known)

    def _dictionary(self) -> zstandard.ZstdCompressionDict:
        (count,) = self._connection.execute("SELECT count(*) FROM stage.grouped").fetchone()
        query = "SELECT content FROM stage.grouped WHERE rowid % ? = 0 LIMIT ?"
        rows = self._connection.execute(query, (count // _SAMPLES + 1, _SAMPLES))
        return blocks.dictionary([row[0] for row in rows])
