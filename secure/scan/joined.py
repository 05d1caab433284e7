"""A package that is installed and that a lock file asks for is one package, in several places.

So is one that is unpacked and that Yarn also keeps as a zip: the zip is what it was unpacked from.
And so is a runtime of Java whose launcher and whose own description say the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from secure.facts.location import Location
from secure.facts.package import Package
from secure.scan.catalogers.java_release import JAVA_RELEASE
from secure.scan.catalogers.yarn_cache import YARN_CACHE

# What these find is there, and is told once with what another finds of the same purl.
_SECOND = frozenset({JAVA_RELEASE.name, YARN_CACHE.name})


def joined(packages: Sequence[Package]) -> tuple[Package, ...]:
    """Packages in their order, those that are only declared within the others of equal purl.

    What is installed in several places stays as many packages: each can be run, and each has to be
    replaced. The first of them is the one that lock files are joined with; without any, it is the
    first that asks for the package.
    """
    seen = {one.purl for one in packages if not one.declared and one.found_by not in _SECOND}

    def stands_for_another(one: Package) -> bool:
        return one.declared or (one.found_by in _SECOND and one.purl in seen)

    asked: dict[str, list[Package]] = {}
    for package in packages:
        if package.purl and stands_for_another(package):
            asked.setdefault(package.purl, []).append(package)
    if not asked:
        return tuple(packages)
    first: dict[str, Package] = {purl: found[0] for purl, found in asked.items()}
    for package in reversed(packages):
        if package.purl in asked and not stands_for_another(package):
            first[package.purl] = package
    made = []
    for package in packages:
        if first.get(package.purl) is package:
            made.append(_with_places(package, asked[package.purl]))
        elif package.purl not in asked or not stands_for_another(package):
            made.append(package)
    return tuple(made)


def _with_places(package: Package, asked: list[Package]) -> Package:
    """`package` with the places of the others, and with what only they tell."""
    places: set[Location] = {one.location for one in asked} - {package.location}
    if not places:
        return package
    told = {
        key: next(filter(None, (getattr(one, key) for one in (package, *asked))), ())
        for key in ("depends", "hashes", "licences")
    }
    return msgspec.structs.replace(package, also_at=tuple(sorted(places)), **told)
