"""Packages held against a small database, in one call."""

from __future__ import annotations

from pathlib import Path

from built_databases import DEBIAN, database, image

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.vulns.build import Tables
from secure.vulns.match import Matched, match
from secure.vulns.osv import Advisory

TODAY = "2026-11-24"


def matched(
    folder: Path,
    packages: list[Package],
    *advisories: Advisory,
    system: OsRelease | None = DEBIAN,
    tables: Tables | None = None,
) -> Matched:
    with database(folder, *advisories, tables=tables) as opened:
        return match(image(*packages, system=system), opened, TODAY)


def found(
    folder: Path, packages: list[Package], *advisories: Advisory, system: OsRelease | None = DEBIAN
) -> list[str]:
    """ "ID component" of each finding."""
    return [
        f"{one.id} {one.component}"
        for one in matched(folder, packages, *advisories, system=system).vulnerabilities
    ]
