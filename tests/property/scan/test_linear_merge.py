"""Law: a layer costs what it holds itself and takes away, however much stands below it.

Calls are counted, not seconds: the same on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType

import msgspec

from secure.facts.location import Location
from secure.facts.package import Package
from secure.scan.covers import folders
from secure.scan.layer_facts import Catalogued, LayerFacts, Record
from secure.scan.merge import Merge, Merged
from secure.scan.owned_files import owned_files

LAYERS = 74
STATUS = b"var/lib/dpkg/status"


def record(kind: str, name: str, version: str, path: str) -> Record:
    package = Package(
        type=kind, name=name, version=version, location=Location(path, 0), found_by=f"{kind}-db"
    )
    return Record(package, files=owned_files([(b"usr/lib/" + name.encode(), b"")]))


def layer_of(names: Sequence[bytes], catalogued: Sequence[Catalogued]) -> LayerFacts:
    facts = LayerFacts(
        catalogued=tuple(catalogued), taken=b"\0".join(names), sizes=bytes(8 * len(names))
    )
    return msgspec.structs.replace(facts, folders=folders(facts))


def with_database(packages: int, version: str = "1") -> LayerFacts:
    """One database of all packages, as each layer that installs something has it."""
    path = STATUS.decode()
    records = tuple(record("apk", f"p{n}", version, path) for n in range(packages))
    return layer_of([STATUS], [Catalogued(STATUS, "apk-db", records)])


def with_metadata(first: int, packages: int) -> LayerFacts:
    """A metadata file for each package."""
    names = [b"usr/lib/d%d/m%d" % (n % 100, n) for n in range(first, first + packages)]
    found = [
        Catalogued(name, "pypi-db", (record("pypi", f"q{first + n}", "1", name.decode()),))
        for n, name in enumerate(names)
    ]
    return layer_of(names, found)


def merged(layers: Sequence[LayerFacts]) -> Merged:
    merge = Merge()
    for index, one in enumerate(layers):
        merge.add(index, one)
    return merge.result()


def calls(layers: Sequence[LayerFacts]) -> int:
    """How many functions, Python's and C's, a merge calls."""
    count = 0

    def counting(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        if event.endswith("call"):
            count += 1

    merge = Merge()  # its tables are made once, whatever the image holds
    sys.setprofile(counting)
    try:
        for index, one in enumerate(layers):
            merge.add(index, one)
        merge.result()
    finally:
        sys.setprofile(None)
    return count


def test_twice_the_packages_in_every_database_cost_twice() -> None:
    costs = [calls([with_database(size)] * 20) for size in (100, 200, 400)]
    assert all(1.6 < later / earlier < 2.2 for earlier, later in pairwise(costs))


def test_twice_the_layers_with_a_database_cost_twice() -> None:
    costs = [calls([with_database(100)] * layers) for layers in (10, 20, 40)]
    assert all(1.6 < later / earlier < 2.2 for earlier, later in pairwise(costs))


def test_what_stands_below_costs_the_layers_above_nothing() -> None:
    above = [with_metadata(1_000_000 + 10 * n, 10) for n in range(LAYERS)]
    small, large = with_metadata(0, 500), with_metadata(0, 4_000)
    added_to_small = calls([small, *above]) - calls([small])
    added_to_large = calls([large, *above]) - calls([large])
    # Sorting and joining at the end see all packages once more.
    assert added_to_large - added_to_small < 8 * 4_000


def test_fifty_thousand_packages_in_74_layers_are_attributed() -> None:
    layers = [with_metadata(0, 50_000)]
    layers += [with_metadata(1_000_000 + 10 * n, 10) for n in range(LAYERS - 2)]
    gone = b"usr/lib/d7"
    layers.append(LayerFacts(whiteouts=(gone,), folders=b"usr\0usr/lib"))
    found = merged(layers)
    assert len(found.packages) + len(found.gone_packages) == 50_000 + 10 * (LAYERS - 2)
    assert {g.package.location.deleted_by for g in found.gone_packages} == {LAYERS - 1}
    assert len(found.gone_packages) >= 500


def test_upgrades_in_every_layer_are_all_told() -> None:
    layers = [with_database(200, str(n)) for n in range(LAYERS)]
    found = merged(layers)
    assert len(found.changes) == 200 * LAYERS
    assert {p.location.layer for p in found.packages} == {LAYERS - 1}
    assert len(found.gone_packages) == 200 * (LAYERS - 1)
