"""One executable as its readers see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.scan.formats.elf import Elf
from secure.scan.formats.pe import Pe
from secure.scan.layer_facts import Record


class Program(msgspec.Struct, frozen=True):
    """`form` is what its first bytes say it is."""

    name: bytes
    form: Elf | Pe

    @property
    def location(self) -> Location:
        """Where facts from this file are; the merge puts the layer number in."""
        return Location(text(self.name), 0)

    def unreadable(self, why: str) -> Unreadable:
        """A part of this file that could not be read."""
        return Unreadable(text(self.name), 0, why)


Reader = Callable[[Program], Iterator[Record | Unreadable]]
"""Finds packages in an executable, and says what it cannot read. May raise `FormatError`."""
