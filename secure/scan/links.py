"""Links at, or on the way to, files that must be read: followed only where nothing is guessed.

A layer is read once and front to back, so the target of a link is not at hand. A link that leads
to another place where the same database is looked for hides nothing (`lib -> usr/lib`); every
other one would, so it is reported.
"""

from __future__ import annotations

from secure.scan.cataloger import Wanted


def resolved(name: bytes, target: bytes) -> bytes:
    """Where the symbolic link `name` leads, from the root of the image; ".." stops there."""
    parts = [] if target.startswith(b"/") else name.split(b"/")[:-1]
    for part in target.split(b"/"):
        if part == b"..":
            parts = parts[:-1]
        elif part not in (b"", b"."):
            parts.append(part)
    return b"/".join(parts)


class DatabasePaths:
    """Knows every directory above a package database."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._below: dict[bytes, list[bytes]] = {}
        for database in wanted.databases():
            parts = database.split(b"/")
            for depth in range(1, len(parts)):
                self._below.setdefault(b"/".join(parts[:depth]), []).append(database)

    def __contains__(self, name: bytes) -> bool:
        """Is `name` a directory above a database?"""
        return name in self._below

    def hidden_by(self, name: bytes, target: bytes) -> list[bytes]:
        """The databases that are out of reach if `name` is a link to `target`."""
        leads_to = resolved(name, target)
        return [
            database
            for database in self._below.get(name, ())
            if self._wanted.cataloger(leads_to + database[len(name) :]) is None
        ]
