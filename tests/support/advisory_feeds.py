"""Databases made in a test from a few advisories."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from secure.facts.image import Unreadable
from secure.vulns.build import BuildReport, Content, Feed, Tables, build
from secure.vulns.database import Database, open_database
from secure.vulns.osv import Advisory, Affected, Event, Package, Range, Refused

NOW = "2026-01-02T03:04:05.000Z"


def advisory(
    identifier: str,
    *packages: tuple[str, str],
    fixed: str = "2.0.0",
    modified: str = "2024-05-06T07:08:09Z",
    aliases: tuple[str, ...] = (),
    withdrawn: str | None = None,
) -> Advisory:
    """An advisory on all versions before `fixed` of (ecosystem, name) packages."""
    bounds = Range("ECOSYSTEM", (Event(introduced="0"), Event(fixed=fixed)))
    return Advisory(
        id=identifier,
        modified=modified,
        withdrawn=withdrawn,
        aliases=aliases,
        summary=f"what {identifier} is about",
        affected=tuple(Affected(Package(*one), (bounds,)) for one in packages),
    )


def feed(*entries: Advisory | Refused | Unreadable, name: str = "osv/test") -> Feed:
    """One feed of these records."""
    return Feed(name, entries, Content())


def built(path: Path, *feeds: Feed, tables: Tables | None = None) -> BuildReport:
    """Build a database there."""
    return build(str(path), feeds, NOW, tables)


def database(folder: Path, entries: Iterable[Advisory | Refused | Unreadable]) -> Database:
    """A database of these records, open."""
    path = folder / "advisories.db"
    built(path, feed(*entries))
    return open_database(str(path))
