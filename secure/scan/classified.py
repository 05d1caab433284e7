"""Classifiers at work: chosen by a file's name, shown its content piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.location import Location, text
from secure.facts.package import Package
from secure.scan.classifiers import PROGRAMS
from secure.scan.classifiers.classifier import Classifier, by_file, keys, matches, number_in
from secure.scan.layer_facts import Record

FOUND_BY = "binary-classifier"
_BY_FILE = by_file(PROGRAMS)


class Classified:
    """Collects the versions that the classifiers of one file find; use it once.

    `wanted` is false where no classifier knows the name.
    """

    def __init__(self, name: bytes, by_name: dict[bytes, list[Classifier]] = _BY_FILE) -> None:
        self._name, self._last = name, name.rpartition(b"/")[2]
        self._wanted = [
            one
            for key in dict.fromkeys(keys(self._last))
            for one in by_name.get(key, ())
            if one.path in name
        ]
        self.wanted = bool(self._wanted)
        self._found: dict[int, tuple[int, bytes]] = {}  # classifier -> pattern, version

    def look(self, content: bytes) -> None:
        """The next piece of the file; pieces overlap."""
        for number, one in enumerate(self._wanted):
            best = self._found.get(number, (len(one.find), b""))[0]
            for rank, pattern in enumerate(one.find[:best]):
                version = self._first(one, pattern, content)
                if version:
                    self._found[number] = (rank, version)
                    break

    def _first(
        self, one: Classifier, pattern: bytes | tuple[bytes, bytes], content: bytes
    ) -> bytes:
        for match in matches(pattern, content):
            version = match["version"]
            if not one.says_name or version.startswith(number_in(self._last)):
                return version
        return b""

    def records(self) -> Iterator[Record]:
        """A package for each classifier that found its version; one of each family."""
        families: set[str] = set()
        names: set[str] = set()
        for number in sorted(self._found):
            one, version = self._wanted[number], text(self._found[number][1])
            if one.family in families or one.name in names:
                continue
            families |= {one.family} - {""}
            names.add(one.name)
            yield Record(
                Package(
                    type=one.type,
                    namespace=one.namespace,
                    name=one.name,
                    version=version,
                    location=Location(text(self._name), 0),
                    found_by=FOUND_BY,
                    cpe=cpe(one.cpe, version),
                )
            )


def cpe(vendor_and_product: str, version: str) -> str:
    """The CPE 2.3 name of one version of an application; "" where the product is not known there.

    Source: NIST IR 7695, 6.2 (binding to a formatted string).
    """
    if not vendor_and_product:
        return ""
    shown = "".join(c if c.isalnum() or c in "._-" else "\\" + c for c in version)
    return f"cpe:2.3:a:{vendor_and_product}:{shown}:*:*:*:*:*:*:*"
