"""A database file that is being written: nobody sees it before it is whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import zstandard

from secure import system as os
from secure.errors import MachineError
from secure.store.atomic import make_private_dir, remove_quietly, sync_dir
from secure.store.builtin import read_vulndb
from secure.vulns import schema

_LEVEL = 12  # of zstd: 9 is 4 % larger, 15 takes twice as long


@contextmanager
def appearing(path: str) -> Iterator[str]:
    """A path to write to; the file takes the place of `path` in one step.

    Raises:
        MachineError: the disk is full or not ours; `path` is then as it was.
    """
    make_private_dir(os.path.dirname(path) or ".")
    temporary = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    try:
        yield temporary
        _sync(temporary)
        os.rename(temporary, path)
        sync_dir(os.path.dirname(path) or ".")
    except (sqlite3.Error, OSError) as cause:
        raise MachineError(f'cannot write vulnerability database "{path}": {cause}') from cause
    finally:
        remove_quietly(temporary)


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class FreshFile:
    """One file with the tables of a database, and what compresses its blocks."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        run = self.connection.execute
        run("PRAGMA page_size = 4096")
        # A crash leaves a temporary file: no journal is needed.
        run("PRAGMA journal_mode = OFF")
        run("PRAGMA synchronous = OFF")
        self.connection.executescript(read_vulndb("schema.sql").decode("ascii"))
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)

    def compress(self, block: bytes) -> bytes:
        """A block of heads or prose."""
        return self._compressor.compress(block)

    def finish(self) -> None:
        """Mark the file as ours, and end what was begun."""
        run = self.connection.execute
        run(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        run(f"PRAGMA user_version = {schema.VERSION}")
        run("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()


def list_compressor(dictionary: zstandard.ZstdCompressionDict) -> zstandard.ZstdCompressor:
    """What compresses lists of affected: they are too short to be compressed without one."""
    return zstandard.ZstdCompressor(
        level=_LEVEL, dict_data=dictionary, write_content_size=True, write_dict_id=False
    )
