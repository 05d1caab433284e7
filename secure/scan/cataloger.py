"""The Cataloger type: which files it wants, and a pure function from one file to packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.scan.layer_facts import Detail, Record
from secure.scan.owned_files import OwnedFiles

# Folders of installed packages, see `Cataloger.outside`.
NODE_PACKAGES = (b"node_modules", b"usr/share/nodejs")
PYTHON_PACKAGES = (b"site-packages", b"dist-packages")


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

    def chunks(self) -> Iterator[bytes]:
        """All of the content, for a cataloger that is `streamed`; once."""
        yield self.content
        yield from self.rest()

    def unreadable(self, why: str) -> Unreadable:
        """A part of this file that could not be read."""
        return Unreadable(text(self.name), 0, why)


class Cataloger(msgspec.Struct, frozen=True):
    """A reader of one kind of package database.

    Args:
        name: stable; it is in every package it finds.
        version: raise it whenever the output changes: it is part of the cache key.
        wants: exact names, and patterns of six forms: "directory/*" (all in one directory),
            "*.end/NAME" (NAME in any directory with that end; "*/NAME": in any), "*.end" (any file
            with that end) or "*/folder/*/begin*.end" (a star within the name, which may have to
            lie in certain folders), "place/*/NAME" (one directory of any name for each star),
            "place/*/" (the directories in one place themselves, which have no content). Where
            several of "*.end" fit, the longest speaks.
        max_bytes: a larger file is not read, and listed as unreadable.
        parse: yields packages, what it cannot read, details of packages that another file names,
            and where files of packages are told apart from the packages (dpkg), once what this
            file says of them.
        database: True where one file speaks for the whole image, so that a damaged or missing
            one makes the facts incomplete.
        streamed: `content` is only the first part, the parser takes what follows from `rest`: for
            files that are too large to hold.
        outside: folders that hold installed packages, each with all its files. What lies in one of
            those packages is not read: its makers work with it, and nothing of it was installed.
    """

    name: str
    version: int
    wants: tuple[str, ...]
    max_bytes: int
    parse: Callable[[FileView], Iterator[Record | Unreadable | OwnedFiles | Detail]]
    database: bool = True
    streamed: bool = False
    outside: tuple[bytes, ...] = ()


class Wanted:
    """Answers, for each name of a layer, which cataloger wants it, at the price of look-ups."""

    def __init__(self, catalogers: Iterable[Cataloger]) -> None:
        self._exact: dict[bytes, Cataloger] = {}
        self._by_last: dict[bytes, list[tuple[bytes, Cataloger]]] = {}
        self._by_directory: dict[bytes, Cataloger] = {}
        self._by_extension: dict[bytes, list[_Starred]] = {}
        self._by_place: dict[bytes, list[tuple[list[bytes], Cataloger]]] = {}
        self._directories_in: dict[bytes, Cataloger] = {}
        for cataloger in catalogers:
            for pattern in cataloger.wants:
                self._add(pattern.encode(), cataloger)
        self._lasts = self._by_last.keys() | self._by_place.keys()
        for starred in self._by_extension.values():
            starred.sort(key=lambda one: len(one.pattern), reverse=True)

    def _add(self, pattern: bytes, cataloger: Cataloger) -> None:
        directory, _, last = pattern.rpartition(b"/")
        if b"*" not in pattern:
            self._exact[pattern] = cataloger
        elif not last:
            self._directories_in[directory.removesuffix(b"/*")] = cataloger
        elif last == b"*":
            self._by_directory[directory] = cataloger
        elif b"*" in last:
            starred = _Starred(pattern, cataloger)
            self._by_extension.setdefault(last.rpartition(b".")[2], []).append(starred)
        elif directory.startswith(b"*"):
            self._by_last.setdefault(last, []).append((directory[1:], cataloger))
        else:
            self._by_place.setdefault(last, []).append((directory.split(b"/"), cataloger))

    def databases(self) -> Iterator[bytes]:
        """A name for each place of a package database: what a link on the way there would hide."""
        for name, who in self._exact.items():
            if who.database:
                yield name
        for directory, who in self._by_directory.items():
            if who.database:
                yield directory + b"/any"
        for last, places in self._by_place.items():
            for parts, who in places:
                if who.database:
                    yield b"/".join([*(b"any" if part == b"*" else part for part in parts), last])

    def directory(self, name: bytes) -> Cataloger | None:
        """Who wants to know that the directory `name` is there."""
        return self._directories_in.get(name.rpartition(b"/")[0])

    def cataloger(self, name: bytes) -> Cataloger | None:
        """Who reads the file `name`; at most one does."""
        if (exact := self._exact.get(name)) is not None:
            return exact
        directory, _, last = name.rpartition(b"/")
        found = self._by_pattern(directory, last)
        if found is not None and found.outside and _inside(directory, found.outside):
            return None
        return found

    def _by_pattern(self, directory: bytes, last: bytes) -> Cataloger | None:
        if last in self._lasts and (by_last := self._of_last(directory, last)) is not None:
            return by_last
        if (who_all := self._by_directory.get(directory)) is not None:
            return who_all
        if (found := self._by_extension.get(last.rpartition(b".")[2])) is not None:
            return next((one.who for one in found if one.fits(directory, last)), None)
        return None

    def _of_last(self, directory: bytes, last: bytes) -> Cataloger | None:
        for end, who in self._by_last.get(last, ()):
            if directory.endswith(end):
                return who
        for place, who in self._by_place.get(last, ()):
            if _fit(directory.split(b"/"), place):
                return who
        return None


class _Starred:
    """A pattern with one star within the file's name: "*/folder/*/begin*.end"."""

    __slots__ = ("_begin", "_end", "_folders", "_least", "pattern", "who")

    def __init__(self, pattern: bytes, who: Cataloger) -> None:
        *self._folders, last = pattern.removeprefix(b"*/").split(b"/")
        self._begin, _, self._end = last.partition(b"*")
        self._least = len(last) - 1
        self.pattern, self.who = pattern, who

    def fits(self, directory: bytes, last: bytes) -> bool:
        if not (
            last.endswith(self._end) and last.startswith(self._begin) and len(last) >= self._least
        ):
            return False
        return not self._folders or _fit(
            directory.split(b"/")[-len(self._folders) :], self._folders
        )


def _inside(directory: bytes, folders: tuple[bytes, ...]) -> bool:
    """Whether `directory` is one in any of `folders`, or lies deeper."""
    return any(b"/" + one + b"/" in b"/" + directory for one in folders)


def _fit(parts: list[bytes], place: list[bytes]) -> bool:
    return len(parts) == len(place) and all(
        wanted in (b"*", part) for part, wanted in zip(parts, place, strict=True)
    )
