"""Squashing, on facts: the layers of an image become one set of facts that keeps its origins.

Layers are taken base first. What a layer takes away drops from the state, what it brings is added.
A package belongs to the layer in which its name, version and architecture first appeared, although
every later layer that installs anything carries the whole database again. Secrets stay: a later
layer's deletion is noted, since the blob still holds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from secure.facts.executable import ExecutableFact
from secure.facts.files import Account, FileFact, Group, OsRelease
from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.facts.package import Package
from secure.facts.secret import Secret
from secure.scan import accounts, os_release
from secure.scan.cataloger import Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.covers import Cover
from secure.scan.distribution import BUSYBOX, chosen, not_told
from secure.scan.layer_facts import FileMark, LayerFacts, Record, SecretMark, Shadow
from secure.scan.links import DatabasePaths
from secure.scan.packages import finished

_T = TypeVar("_T")
_MOST_LINKS = 8


class Merged(msgspec.Struct, frozen=True):
    """The facts of all layers together."""

    packages: tuple[Package, ...]
    files: tuple[FileFact, ...]
    secrets: tuple[Secret, ...]
    accounts: tuple[Account, ...]
    groups: tuple[Group, ...]
    executables: tuple[ExecutableFact, ...]
    os_release: OsRelease | None
    unreadable: tuple[Unreadable, ...]
    complete: bool


class Merge:
    """Add the layers in order, then take `result`."""

    def __init__(self) -> None:
        wanted = Wanted(CATALOGERS)
        self._wanted, self._above = wanted, DatabasePaths(wanted)
        self._records: dict[bytes, tuple[Record, ...]] = {}
        self._files: dict[bytes, FileMark] = {}
        self._executables: dict[bytes, ExecutableFact] = {}
        self._secrets: list[SecretMark] = []
        self._os_releases: dict[bytes, OsRelease] = {}
        self._accounts: dict[bytes, tuple[Account, ...]] = {}
        self._shadows: dict[bytes, tuple[Shadow, ...]] = {}
        self._groups: dict[bytes, tuple[Group, ...]] = {}
        self._links: dict[bytes, bytes] = {}
        self._unreadable: list[Unreadable] = []
        self._voided = False

    def add(self, index: int, layer: LayerFacts) -> None:
        """The next layer, number `index`."""
        known = self._known_layers()
        cover = Cover(layer)
        self._take_away(index, cover, layer)
        for found in layer.catalogued:
            location = Location(text(found.name), index)
            self._records[found.name] = tuple(
                _placed(record, location, known.get(_identity(record), index))
                for record in found.records
            )
        for mark in layer.files:
            place = Location(mark.fact.location.path, index)
            fact = msgspec.structs.replace(mark.fact, location=place)
            self._files[mark.name] = FileMark(mark.name, fact, mark.directory)
        for one in layer.executables:
            place = Location(one.fact.location.path, index)
            self._executables[one.name] = msgspec.structs.replace(one.fact, location=place)
        self._os_releases.update(layer.os_releases)
        self._accounts.update(layer.accounts)
        self._shadows.update(layer.shadows)
        self._groups.update(layer.groups)
        self._links.update(layer.links)
        self._unreadable += [Unreadable(item.path, index, item.why) for item in layer.unreadable]
        self._voided = self._voided or layer.voided

    def _take_away(self, index: int, cover: Cover, layer: LayerFacts) -> None:
        for mark in list(self._files.values()):
            if cover.takes_away(mark.name, directory=mark.directory):
                del self._files[mark.name]
        for state in (
            self._records, self._executables, self._os_releases, self._accounts, self._shadows,
            self._groups, self._links,
        ):  # fmt: skip
            for name in [name for name in state if cover.takes_away(name)]:
                del state[name]
        self._unreadable = [
            item
            for item in self._unreadable
            if not (self._concerns_database(item) and cover.takes_away(item.path.encode()))
        ]
        brought = {(mark.name, mark.secret.fingerprint) for mark in layer.secrets}
        kept = [_seen_by(mark, index, cover, brought) for mark in self._secrets]
        again = {(m.name, m.secret.fingerprint) for m in kept if _deleted_by(m) is None}
        self._secrets = kept + [
            _secret_at(mark, index)
            for mark in layer.secrets
            if (mark.name, mark.secret.fingerprint) not in again
        ]

    def _known_layers(self) -> dict[tuple[str, ...], int]:
        """Which layer brought each package that is there now."""
        return {
            _identity(record): record.package.location.layer
            for records in self._records.values()
            for record in records
        }

    def _concerns_database(self, item: Unreadable) -> bool:
        name = item.path.encode()
        cataloger = self._wanted.cataloger(name)
        return name in self._above or (cataloger is not None and cataloger.database)

    def result(self) -> Merged:
        """The state after the last layer."""
        people = next(iter(self._found(self._accounts, (accounts.PASSWD,))), ())
        shadows = next(iter(self._found(self._shadows, (accounts.SHADOW,))), ())
        records = [record for _, found in sorted(self._records.items()) for record in found]
        release = chosen(
            self._found(self._os_releases, os_release.CANDIDATES),
            (record.package for record in records),
            busybox=BUSYBOX in self._files,
        )
        packages = finished(records, release)
        self._unreadable += not_told(packages, release)
        return Merged(
            packages=packages,
            files=tuple(self._files[name].fact for name in sorted(self._files)),
            secrets=tuple(mark.secret for mark in self._secrets),
            accounts=accounts.joined(people, shadows),
            groups=next(iter(self._found(self._groups, (accounts.GROUP,))), ()),
            executables=tuple(self._executables[name] for name in sorted(self._executables)),
            os_release=release,
            unreadable=tuple(self._unreadable),
            complete=not self._voided and not any(map(self._concerns_database, self._unreadable)),
        )

    def _found(self, state: Mapping[bytes, _T], names: Iterable[bytes]) -> Iterator[_T]:
        """The values at `names`, through links that lead to files we have read."""
        for name in names:
            for _ in range(_MOST_LINKS):
                if name in state:
                    yield state[name]
                    break
                if name not in self._links:
                    break
                name = self._links[name]  # noqa: PLW2901


def _identity(record: Record) -> tuple[str, ...]:
    package = record.package
    return (package.found_by, package.name, package.version, package.arch)


def _placed(record: Record, location: Location, layer: int) -> Record:
    path = record.package.location.path
    # A package inside an archive says where: "app.war!/lib/x.jar".
    nested = path.startswith(location.path + "!/")
    place = Location(path if nested else location.path, layer)
    return Record(
        msgspec.structs.replace(record.package, location=place), record.needs, record.provides
    )


def _deleted_by(mark: SecretMark) -> int | None:
    return mark.secret.location.deleted_by if mark.secret.location else None


def _seen_by(
    mark: SecretMark, index: int, cover: Cover, brought: set[tuple[bytes, str]]
) -> SecretMark:
    """A secret of a lower layer, after layer `index`."""
    location = mark.secret.location
    if location is None or location.deleted_by is not None or not cover.takes_away(mark.name):
        return mark
    # The same secret in the same file again: a chmod or chown made a new copy.
    if (mark.name, mark.secret.fingerprint) in brought:
        return mark
    gone = Location(location.path, location.layer, deleted_by=index)
    return SecretMark(mark.name, msgspec.structs.replace(mark.secret, location=gone))


def _secret_at(mark: SecretMark, index: int) -> SecretMark:
    path = mark.secret.location.path if mark.secret.location else ""
    return SecretMark(
        mark.name, msgspec.structs.replace(mark.secret, location=Location(path, index))
    )
