"""Which layer brought which version: the databases of successive layers, held against each other.

Every layer that installs anything carries the whole database again, so who wrote the file last says
nothing. What a layer took away or wrote anew is compared with what it brought; a database that no
layer touched is not looked at, so that the cost is what the layers themselves hold.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable

import msgspec

from secure.facts.changes import ChangeKind, PackageChange
from secure.facts.location import Location
from secure.facts.package import Package
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles

# What is the same package in another version: cataloger, type, namespace, name, architecture.
_Key = tuple[str, str, str, str, str]
# The copies of one version, by the file that tells of them.
_ByPath = dict[str, list[Record]]


class GoneRecord(msgspec.Struct, frozen=True):
    """A package that is no longer there; its location says who brought and who removed it."""

    package: Package
    files: OwnedFiles


class Changes:
    """Compares layer by layer, base first."""

    def __init__(self) -> None:
        self.listed: list[PackageChange] = []
        self.gone: list[GoneRecord] = []
        self._removed_before: set[_Key] = set()

    def step(
        self,
        layer: int,
        before: Iterable[Record],
        after: Iterable[Record],
        files_of: Callable[[Record], OwnedFiles],
    ) -> list[Record]:
        """Answers `after` with the layer that brought each.

        Args:
            layer: the one that took `before` away, or wrote it anew, and brought `after`.
            before: with the layer that brought each.
            files_of: what a package of `before` owns.
        """
        was: dict[tuple[_Key, str], _ByPath] = {}
        for record in before:
            package = record.package
            places = was.setdefault((_key(package), package.version), {})
            places.setdefault(package.location.path, []).append(record)
        placed: list[Record] = []
        came: list[Record] = []
        for record in after:
            same = was.get((_key(record.package), record.package.version))
            if same:
                placed.append(_brought_by(record, _take(same, record).package.location.layer))
            else:
                placed.append(_brought_by(record, layer))
                came.append(placed[-1])
        went = [record for places in was.values() for same in places.values() for record in same]
        self._tell(layer, went, came)
        self.gone += [
            GoneRecord(_removed_by(record.package, layer), files_of(record)) for record in went
        ]
        return placed

    def _tell(self, layer: int, went: list[Record], came: list[Record]) -> None:
        """One line for each package; several versions at once are paired in the order told."""
        left: defaultdict[_Key, deque[Package]] = defaultdict(deque)
        for record in went:
            left[_key(record.package)].append(record.package)
        for record in came:
            key = _key(record.package)
            if left[key]:
                before = left[key].popleft().version
                self._add(layer, ChangeKind.UPGRADED, record.package, before)
            else:
                again = key in self._removed_before
                kind = ChangeKind.RE_ADDED if again else ChangeKind.ADDED
                self._add(layer, kind, record.package)
        for key, packages in left.items():
            for package in packages:
                self._add(layer, ChangeKind.REMOVED, package)
                self._removed_before.add(key)

    def _add(self, layer: int, kind: ChangeKind, package: Package, before: str = "") -> None:
        self.listed.append(
            PackageChange(
                layer=layer,
                kind=kind,
                type=package.type,
                namespace=package.namespace,
                name=package.name,
                arch=package.arch,
                version=package.version,
                path=package.location.path,
                before=before,
            )
        )

    def gone_for_good(self, present: Iterable[Package]) -> list[GoneRecord]:
        """Without those of which the very version is there again."""
        here = {(_key(package), package.version) for package in present} if self.gone else set()
        return [one for one in self.gone if (_key(one.package), one.package.version) not in here]


def _key(package: Package) -> _Key:
    return (package.found_by, package.type, package.namespace, package.name, package.arch)


def _take(places: _ByPath, record: Record) -> Record:
    """Of several copies the one at the same place, else any: it moved."""
    path = record.package.location.path
    if path not in places:
        path = next(iter(places))
    taken = places[path].pop()
    if not places[path]:
        del places[path]
    return taken


def _brought_by(record: Record, layer: int) -> Record:
    place = Location(record.package.location.path, layer)
    return msgspec.structs.replace(
        record, package=msgspec.structs.replace(record.package, location=place)
    )


def _removed_by(package: Package, layer: int) -> Package:
    place = package.location
    return msgspec.structs.replace(
        package, location=Location(place.path, place.layer, deleted_by=layer)
    )
