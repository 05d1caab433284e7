"""Files of note that the image no longer shows and a layer still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from secure.facts.files import FileFact
from secure.facts.location import Location
from secure.scan.layer_facts import FileMark


class GoneFiles:
    """Compares layer by layer, base first."""

    def __init__(self) -> None:
        self._found: list[FileMark] = []

    def add(self, index: int, there: Mapping[bytes, FileMark], gone: Iterable[bytes]) -> None:
        """Layer `index` takes the names `gone` away, or writes them anew."""
        for name in gone:
            mark = there.get(name)
            if mark is None:
                continue
            place = mark.fact.location
            went = Location(place.path, place.layer, deleted_by=index)
            fact = msgspec.structs.replace(mark.fact, location=went)
            self._found.append(FileMark(name, fact, mark.directory))

    def listed(self, there: Mapping[bytes, FileMark]) -> tuple[FileFact, ...]:
        """Without those that are there again with the same tags, by path."""
        facts = [
            mark.fact
            for mark in self._found
            if mark.name not in there or there[mark.name].fact.tags != mark.fact.tags
        ]
        return tuple(sorted(facts, key=lambda fact: fact.location))
