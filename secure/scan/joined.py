"""A package that is installed and that a lock file asks for is one package, in several places."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from secure.facts.location import Location
from secure.facts.package import Package


def joined(packages: Sequence[Package]) -> tuple[Package, ...]:
    """Packages in their order, those that are only declared within the others of equal purl.

    What is installed in several places stays as many packages: each can be run, and each has to be
    replaced. The first of them is the one that lock files are joined with; without any, it is the
    first that asks for the package.
    """
    asked: dict[str, list[Package]] = {}
    for package in packages:
        if package.declared and package.purl:
            asked.setdefault(package.purl, []).append(package)
    if not asked:
        return tuple(packages)
    first: dict[str, Package] = {purl: found[0] for purl, found in asked.items()}
    for package in reversed(packages):
        if not package.declared and package.purl in asked:
            first[package.purl] = package
    made = []
    for package in packages:
        if first.get(package.purl) is package:
            made.append(_with_places(package, asked[package.purl]))
        elif not package.declared or package.purl not in asked:
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
