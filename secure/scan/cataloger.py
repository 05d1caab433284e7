"""The Cataloger type: which files it wants, and a pure function from one file to packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.scan.layer_facts import Record


def _nothing() -> Iterator[bytes]:
    return iter(())


class FileView(msgspec.Struct, frozen=True):
    """One file of a layer, read whole. `name` has no leading slash.

    Args:
        rest: for a cataloger that is `streamed`: what follows `content`, readable once.
    """

    name: bytes
    content: bytes
    rest: Callable[[], Iterator[bytes]] = _nothing

    @property
    def location(self) -> Location:
        """Where facts from this file are; the merge puts the layer number in."""
        return Location(text(self.name), 0)

    def unreadable(self, why: str) -> Unreadable:
        """A part of this file that could not be read."""
        return Unreadable(text(self.name), 0, why)


class Cataloger(msgspec.Struct, frozen=True):
    """A reader of one kind of package database.

    Args:
        name: stable; it is in every package it finds.
        version: raise it whenever the output changes: it is part of the cache key.
        wants: exact names, and patterns of four forms: "directory/*" (all in one directory),
            "*.end/NAME" (NAME in any directory with that end; "*/NAME": in any), "*.end" (any file
            with that end), "*/folder/*.end" (a file with that end in any directory "folder").
        max_bytes: a larger file is not read, and listed as unreadable.
        parse: yields packages, and what it cannot read.
        database: True where one file speaks for the whole image, so that a damaged or missing
            one makes the facts incomplete.
        streamed: `content` is only the first part, the parser takes what follows from `rest`: for
            files that are too large to hold.
    """

    name: str
    version: int
    wants: tuple[str, ...]
    max_bytes: int
    parse: Callable[[FileView], Iterator[Record | Unreadable]]
    database: bool = True
    streamed: bool = False


class Wanted:
    """Answers, for each name of a layer, which cataloger wants it, at the price of look-ups."""

    def __init__(self, catalogers: Iterable[Cataloger]) -> None:
        self._exact: dict[bytes, Cataloger] = {}
        self._by_last: dict[bytes, list[tuple[bytes, Cataloger]]] = {}
        self._by_directory: dict[bytes, Cataloger] = {}
        self._by_end: dict[bytes, Cataloger] = {}
        self._by_folder: dict[bytes, list[tuple[bytes, bytes, Cataloger]]] = {}
        for cataloger in catalogers:
            for pattern in cataloger.wants:
                self._add(pattern.encode(), cataloger)
        self._ends = tuple(self._by_end)

    def _add(self, pattern: bytes, cataloger: Cataloger) -> None:
        directory, _, last = pattern.rpartition(b"/")
        if b"*" not in pattern:
            self._exact[pattern] = cataloger
        elif directory.startswith(b"*/") and last.startswith(b"*"):
            folder = directory.rpartition(b"/")[2]
            self._by_folder.setdefault(folder, []).append((directory[1:], last[1:], cataloger))
        elif last == b"*":
            self._by_directory[directory] = cataloger
        elif directory.startswith(b"*"):
            self._by_last.setdefault(last, []).append((directory[1:], cataloger))
        else:
            self._by_end[last.removeprefix(b"*")] = cataloger

    def databases(self) -> Iterator[bytes]:
        """A name for each place of a package database: what a link on the way there would hide."""
        for name, who in self._exact.items():
            if who.database:
                yield name
        for directory, who in self._by_directory.items():
            if who.database:
                yield directory + b"/any"

    def cataloger(self, name: bytes) -> Cataloger | None:
        """Who reads the file `name`; at most one does."""
        if (exact := self._exact.get(name)) is not None:
            return exact
        directory, _, last = name.rpartition(b"/")
        for end, who in self._by_last.get(last, ()):
            if directory.endswith(end):
                return who
        if (who_all := self._by_directory.get(directory)) is not None:
            return who_all
        if (found := self._by_folder.get(directory.rpartition(b"/")[2])) is not None:
            for folder, end, who in found:
                if name.endswith(end) and (b"/" + directory).endswith(folder):
                    return who
        if name.endswith(self._ends):
            return next(who for end, who in self._by_end.items() if name.endswith(end))
        return None
