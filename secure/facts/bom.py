"""What a software bill of materials says, whoever wrote it and in whatever form."""

from __future__ import annotations

import msgspec

from secure.facts.files import OsRelease
from secure.facts.image import Unreadable
from secure.facts.package import Package


class Component(msgspec.Struct, frozen=True):
    """A package, and what the document says beside it.

    Args:
        ref: unique in the document.
        needs: refs it depends on; None where the document says nothing about it.
        identifiers: purl, CPE, SWID and the like, as written.
        properties: private ones, (name, value), as written.
    """

    ref: str
    package: Package
    needs: tuple[str, ...] | None = None
    identifiers: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()

    def property(self, name: str) -> str:
        """The first value of a private property; "" where it is absent."""
        return next((text for key, text in self.properties if key == name), "")


class Subject(msgspec.Struct, frozen=True):
    """What the document is about, by its own claim.

    Args:
        properties: private ones, (name, value), as written.
    """

    name: str = ""
    digest: str = ""
    properties: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a private property, in order."""
        return tuple(text for key, text in self.properties if key == name)


class Bom(msgspec.Struct, frozen=True):
    """One document.

    Args:
        form: e.g. "CycloneDX 1.6 JSON".
        identity: its serial number or namespace, a URI; "" without.
        created: RFC 3339; "" without.
        authors: people and organisations that answer for it, with their addresses.
        tools: programs that made it.
        context: when in the life of the software it was made, in the words of the form.
        complete: its own word on its completeness; None where it gives none.
        vulnerabilities: how many it lists; TR-03183-2 wants none inside.
    """

    form: str
    identity: str = ""
    created: str = ""
    authors: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    context: str = ""
    subject: Subject = Subject()
    components: tuple[Component, ...] = ()
    os_release: OsRelease | None = None
    unreadable: tuple[Unreadable, ...] = ()
    complete: bool | None = None
    vulnerabilities: int = 0
