"""Squashing, on facts: the layers of an image become one set of facts that keeps its origins.

Layers are taken base first. What a layer takes away drops from the state, what it brings is added.
Each layer costs what it holds itself and what it takes away, however much stands below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from secure.facts.changes import GonePackage, PackageChange
from secure.facts.executable import ExecutableFact
from secure.facts.files import ACCOUNT_PLACES, Account, FileFact, Group, OsRelease
from secure.facts.image import Unreadable
from secure.facts.location import Location, text
from secure.facts.ownership import FileClaims
from secure.facts.package import Package
from secure.facts.secret import Secret
from secure.scan import accounts, os_release
from secure.scan.cataloger import Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.changes import Changes
from secure.scan.claims import file_claims
from secure.scan.covers import StandingNames
from secure.scan.details import detailed
from secure.scan.distribution import BUSYBOX, chosen, not_told
from secure.scan.gone_files import GoneFiles
from secure.scan.joined import joined
from secure.scan.kept_secrets import KeptSecrets
from secure.scan.layer_facts import Catalogued, Detail, FileMark, LayerFacts, Record, Shadow
from secure.scan.links import DatabasePaths
from secure.scan.owned_files import OwnedFiles
from secure.scan.owners import Owners, files_of, with_owners
from secure.scan.packages import described, in_order
from secure.scan.survey import Survey
from secure.scan.told_once import told_once

_T = TypeVar("_T")
_MOST_LINKS = 8


class Merged(msgspec.Struct, frozen=True):
    """The facts of all layers together.

    Args:
        wasted: for each layer the bytes of its files that the image does not show.
        owners: what packages claim, by their number in `claiming`.
        shown: the claimed names that are there, and the layer each comes from.
    """

    packages: tuple[Package, ...]
    files: tuple[FileFact, ...]
    secrets: tuple[Secret, ...]
    accounts: tuple[Account, ...]
    groups: tuple[Group, ...]
    executables: tuple[ExecutableFact, ...]
    os_release: OsRelease | None
    unreadable: tuple[Unreadable, ...]
    complete: bool
    changes: tuple[PackageChange, ...]
    gone_packages: tuple[GonePackage, ...]
    gone_files: tuple[FileFact, ...]
    claims: FileClaims | None
    wasted: tuple[int, ...]
    owners: Owners
    claiming: list[Package]
    shown: dict[bytes, int]


class Merge:
    """Add the layers in order, then take `result`."""

    def __init__(self) -> None:
        wanted = Wanted(CATALOGERS)
        self._wanted, self._above = wanted, DatabasePaths(wanted)
        self._layers: list[LayerFacts] = []  # their names alone
        self._standing = StandingNames()
        self._changes, self._gone_files = Changes(), GoneFiles()
        self._secrets = KeptSecrets()
        self._records: dict[bytes, tuple[Record, ...]] = {}
        self._lists: dict[bytes, OwnedFiles] = {}
        self._details: dict[bytes, tuple[Detail, ...]] = {}
        self._files: dict[bytes, FileMark] = {}
        self._executables: dict[bytes, ExecutableFact] = {}
        self._os_releases: dict[bytes, OsRelease] = {}
        self._accounts: dict[bytes, tuple[Account, ...]] = {}
        self._shadows: dict[bytes, tuple[Shadow, ...]] = {}
        self._groups: dict[bytes, tuple[Group, ...]] = {}
        self._links: dict[bytes, bytes] = {}
        self._unreadable: list[Unreadable] = []
        self._voided = False

    def add(self, index: int, layer: LayerFacts) -> None:
        """The next layer, number `index`."""
        self._layers.append(_names_alone(layer))
        linked = list(self._linked_from_below(layer))
        gone = self._standing.take_away(layer)
        catalogued = [*layer.catalogued, *linked]
        records = self._with_layers(index, gone, catalogued)
        self._gone_files.add(index, self._files, gone)
        self._take_away(gone)
        self._secrets.add(index, gone, layer.secrets)
        self._bring(index, layer, {one.name for one in linked})
        for found in catalogued:
            if found.records:
                self._records[found.name] = tuple(next(records) for _ in found.records)
            if found.files is not None:
                self._lists[found.name] = found.files
            if found.details:
                self._details[found.name] = found.details
            self._standing.add(found.name, directory=self._is_directory(found.name))
        self._voided = self._voided or layer.voided

    def _is_directory(self, name: bytes) -> bool:
        """Catalogers read files, and some the names of directories (nix store paths)."""
        return self._wanted.cataloger(name) is None and self._wanted.directory(name) is not None

    def _linked_from_below(self, layer: LayerFacts) -> Iterator[Catalogued]:
        """What a hard link leads to in a lower layer: engines unpack over what is there."""
        for name, target in layer.hardlinks.items():
            records = self._records.get(target)
            who = self._wanted.cataloger(name)
            if records and who is not None and who.name == records[0].package.found_by:
                yield Catalogued(name, who.name, records)

    def _with_layers(
        self, index: int, gone: list[bytes], catalogued: list[Catalogued]
    ) -> Iterator[Record]:
        """All records that a layer brings, each with the layer that brought this version."""
        before = [record for name in gone for record in self._records.get(name, ())]
        after = [_placed(record, found.name) for found in catalogued for record in found.records]
        return iter(self._changes.step(index, before, after, self._owned))

    def _owned(self, record: Record) -> OwnedFiles:
        return files_of(record, self._lists.get) or OwnedFiles()

    def _take_away(self, gone: list[bytes]) -> None:
        for state in (
            self._records, self._lists, self._details, self._files, self._executables,
            self._os_releases, self._accounts, self._shadows, self._groups, self._links,
        ):  # fmt: skip
            for name in gone:
                state.pop(name, None)
        if gone and self._unreadable:
            names = frozenset(gone)
            self._unreadable = [
                item
                for item in self._unreadable
                if item.path.encode() not in names or not self._is_of_a_state(item)
            ]

    def _bring(self, index: int, layer: LayerFacts, linked: set[bytes]) -> None:
        for mark in layer.files:
            place = Location(mark.fact.location.path, index)
            fact = msgspec.structs.replace(mark.fact, location=place)
            self._files[mark.name] = FileMark(mark.name, fact, mark.directory)
            self._standing.add(mark.name, directory=mark.directory)
        for one in layer.executables:
            place = Location(one.fact.location.path, index)
            self._executables[one.name] = msgspec.structs.replace(one.fact, location=place)
        self._os_releases.update(layer.os_releases)
        self._accounts.update(layer.accounts)
        self._shadows.update(layer.shadows)
        self._groups.update(layer.groups)
        self._links.update(layer.links)
        for names in (
            (one.name for one in layer.executables), (mark.name for mark in layer.secrets),
            layer.os_releases, layer.accounts, layer.shadows, layer.groups, layer.links,
        ):  # fmt: skip
            for name in names:
                self._standing.add(name)
        for item in layer.unreadable:
            name = item.path.encode()
            if name in linked:
                continue
            self._unreadable.append(msgspec.structs.replace(item, layer=index))
            if self._is_of_a_state(item):
                self._standing.add(name)

    def _is_of_a_state(self, item: Unreadable) -> bool:
        """A later layer may put something that can be read in its place."""
        return item.path in ACCOUNT_PLACES or self._concerns_database(item)

    def _concerns_database(self, item: Unreadable) -> bool:
        name = item.path.encode()
        cataloger = self._wanted.cataloger(name)
        return name in self._above or (cataloger is not None and cataloger.database)

    def result(self, base_layers: int | None = None, *, digests: bool = False) -> Merged:
        """The state after the last layer; to be asked for once.

        Args:
            base_layers: how many layers are the base image's, where that is known.
            digests: of the claimed files, which only a comparison with them needs.
        """
        people = next(iter(self._found(self._accounts, (accounts.PASSWD,))), ())
        shadows = next(iter(self._found(self._shadows, (accounts.SHADOW,))), ())
        named = told_once(
            (name, one) for name, found in sorted(self._records.items()) for one in found
        )
        details = (detail for _, found in sorted(self._details.items()) for detail in found)
        records = detailed((record for _, record in named), details)
        release = chosen(
            self._found(self._os_releases, os_release.CANDIDATES),
            (record.package for record in records),
            busybox=BUSYBOX in self._files,
        )
        packages = described(records, release, base_layers)
        owned = (files_of(record, self._lists.get) for record in records)
        owners = Owners(owned, self._links, digests=digests)
        gone = self._changes.gone_for_good(record.package for record in records)
        names = [name for name, _ in named]
        # What packages own is with the owners now, and takes as much again here.
        del named, records
        self._records.clear()
        self._lists.clear()
        survey = Survey(self._layers, owners, gone)
        gone_packages = described([Record(one.package) for one in gone], release, base_layers)
        gone_packages = with_owners(
            gone_packages,
            [one.package.location.path.encode() for one in gone],
            Owners((one.files for one in gone), self._links),
        )
        claims = file_claims(owners, packages, survey)
        self._unreadable += not_told(packages, release)
        return Merged(
            packages=joined(in_order(with_owners(packages, names, owners))),
            files=tuple(self._files[name].fact for name in sorted(self._files)),
            secrets=tuple(self._secrets.listed),
            accounts=accounts.joined(people, shadows),
            groups=next(iter(self._found(self._groups, (accounts.GROUP,))), ()),
            executables=tuple(
                _owned_or_not(name, self._executables[name], owners)
                for name in sorted(self._executables)
            ),
            os_release=release,
            unreadable=tuple(self._unreadable),
            complete=not self._voided and not any(map(self._concerns_database, self._unreadable)),
            changes=tuple(self._changes.listed),
            gone_packages=tuple(map(GonePackage, gone_packages, survey.gone_bytes)),
            gone_files=self._gone_files.listed(self._files),
            claims=claims,
            wasted=tuple(survey.wasted),
            owners=owners,
            claiming=packages,
            shown=survey.shown,
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


def _names_alone(layer: LayerFacts) -> LayerFacts:
    """What the survey asks of a layer: the rest is in the state, or gone."""
    return LayerFacts(
        taken=layer.taken,
        sizes=layer.sizes,
        directories=layer.directories,
        folders=layer.folders,
        whiteouts=layer.whiteouts,
        opaques=layer.opaques,
        hardlinks=layer.hardlinks,
    )


def _placed(record: Record, name: bytes) -> Record:
    path, own = text(name), record.package.location.path
    # A package inside an archive says where: "app.war!/lib/x.jar".
    if own == path or own.startswith(path + "!/"):
        return record
    package = msgspec.structs.replace(record.package, location=Location(path, 0))
    return msgspec.structs.replace(record, package=package)


def _owned_or_not(name: bytes, fact: ExecutableFact, owners: Owners) -> ExecutableFact:
    if not owners.distribution:
        return fact
    return msgspec.structs.replace(fact, owned=owners.owner(name) is not None)
