"""Small vulnerability databases made in a test, and images to hold against them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from secure.facts.files import OsRelease
from secure.facts.image import ConfigFacts, ImageFacts
from secure.facts.location import Location
from secure.facts.package import Package
from secure.vulns.build import Content, Feed, Tables, build
from secure.vulns.database import Database, open_database
from secure.vulns.osv import Advisory, Affected, Event, Range, Severity
from secure.vulns.osv import Package as Named

NOW = "2026-11-24T00:00:00Z"
DEBIAN = OsRelease(id="debian", version_id="12")


def ranged(
    ecosystem: str, name: str, *bounds: str, versions: tuple[str, ...] = (), **words: str
) -> Affected:
    """What is affected: `bounds` are "introduced 0 fixed 2"; `words` are our own statements."""
    ranges = []
    for bound in bounds:
        told = bound.split()
        pairs = zip(told[::2], told[1::2], strict=True)
        ranges.append(Range("ECOSYSTEM", tuple(Event(**{kind: text}) for kind, text in pairs)))
    own: dict[str, object] = {"secure": words}
    return Affected(
        Named(ecosystem, name), tuple(ranges), versions, database_specific=own if words else None
    )


def advisory(
    identifier: str,
    *affected: Affected,
    aliases: Iterable[str] = (),
    upstream: Iterable[str] = (),
    related: Iterable[str] = (),
    severity: str = "",
    withdrawn: str | None = None,
    summary: str = "",
) -> Advisory:
    return Advisory(
        id=identifier,
        modified="2026-01-01T00:00:00Z",
        aliases=tuple(aliases),
        upstream=tuple(upstream),
        related=tuple(related),
        severity=(Severity("CVSS_V3", severity),) if severity else None,
        affected=affected,
        withdrawn=withdrawn,
        summary=summary or None,
    )


def database(folder: Path, *advisories: Advisory, tables: Tables | None = None) -> Database:
    path = str(folder / "test.db")
    build(path, [Feed("test", advisories, Content())], NOW, tables)
    return open_database(path)


def package(kind: str, name: str, version: str, **more: object) -> Package:
    made = Package(
        kind, name, version, Location("db", 0), "test", purl=f"pkg:{kind}/{name}@{version}"
    )
    return msgspec.structs.replace(made, **more)


def image(*packages: Package, system: OsRelease | None = DEBIAN) -> ImageFacts:
    return ImageFacts(
        reference="app.tar", digest="sha256:" + "1" * 64, config_digest="sha256:" + "2" * 64,
        config=ConfigFacts(), layers=(), packages=packages, files=(), secrets=(), accounts=(),
        os_release=system, unreadable=(), complete=True, entries=1, uncompressed_bytes=1,
        tool_version="0", scanned_at=NOW,
    )  # fmt: skip
