"""What a database is: age, sources, size."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.vulns import schema
from secure.vulns.database_file import DatabaseFile


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
        details: it has the details and references of advisories, not summaries alone.
    """

    built_at: str
    starter: bool
    records: int
    newest: str
    feeds: tuple[FeedStatus, ...]
    ecosystems: tuple[EcosystemStatus, ...]
    releases: int = 0
    details: bool = True


def status_of(file: DatabaseFile) -> DatabaseStatus:
    """Age, sources and sizes."""
    meta = file.pairs("SELECT name, value FROM meta")
    feeds = file.rows(
        "SELECT name, records, refused, newest, bytes, sha256 FROM feed ORDER BY name"
    )
    return DatabaseStatus(
        built_at=str(meta.get("built_at", "")),
        starter=bool(meta.get("starter")),
        records=file.whole(meta.get("records", 0)),
        newest=_time(meta.get("newest")),
        feeds=tuple(_feed(file, *row) for row in feeds),
        ecosystems=tuple(ecosystems_of(file)),
        releases=len(file.rows("SELECT ecosystem FROM release")),
        details=bool(meta.get("details", 1)),
    )


def ecosystems_of(file: DatabaseFile) -> Iterator[EcosystemStatus]:
    """Every ecosystem, by name."""
    for name, records, newest in file.rows(
        "SELECT name, records, newest FROM ecosystem ORDER BY name"
    ):
        yield EcosystemStatus(str(name), file.whole(records), _time(newest))


def _feed(file: DatabaseFile, *row: object) -> FeedStatus:
    name, records, refused, newest, size, sha256 = row
    return FeedStatus(
        name=str(name),
        records=file.whole(records),
        refused=file.whole(refused),
        newest=_time(newest),
        bytes=file.whole(size),
        sha256=str(sha256),
    )


def _time(seconds: object) -> str:
    return schema.rfc3339(seconds if isinstance(seconds, int) else None)
