"""What a package can only be given when all databases are known: its purl and what it needs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.facts.purl import purl
from secure.scan.distribution import purl_parts
from secure.scan.layer_facts import Record


def described(
    records: Iterable[Record], release: OsRelease | None, base_layers: int | None = None
) -> list[Package]:
    """For each record its package with namespace, purl and resolved dependencies.

    Args:
        base_layers: how many layers are the base image's, where that is known.
    """
    listed = list(records)
    providers = _providers(listed)
    return [
        _described(record.package, _needed(record, providers), release, base_layers)
        for record in listed
    ]


def in_order(packages: Iterable[Package]) -> tuple[Package, ...]:
    """As every report lists them."""
    return tuple(sorted(packages, key=_place_in_order))


def _place_in_order(package: Package) -> tuple[str, str, str, str, int, str]:
    place = package.location
    return (package.type, package.name, package.version, place.path, place.layer, package.arch)


def _providers(records: list[Record]) -> dict[tuple[str, str], str]:
    """Who satisfies a dependency on a name; a package always satisfies its own."""
    found: dict[tuple[str, str], str] = {}
    for record in records:
        for name in record.provides:
            found.setdefault((record.package.type, name), record.package.full_name)
    for record in records:
        own = record.package.full_name
        found[record.package.type, own] = own
    return found


def _needed(record: Record, providers: dict[tuple[str, str], str]) -> tuple[str, ...]:
    """Of each dependency the first alternative that is installed."""
    kind, own = record.package.type, record.package.full_name
    names = {
        found
        for alternatives in record.needs
        if (found := next(filter(None, (providers.get((kind, a)) for a in alternatives)), None))
    }
    return tuple(sorted(names - {own}))


def _described(
    package: Package, depends: tuple[str, ...], release: OsRelease | None, base_layers: int | None
) -> Package:
    namespace, of_distribution = purl_parts(package, release)
    qualifiers = dict(package.qualifiers) | of_distribution
    return msgspec.structs.replace(
        package,
        namespace=namespace,
        depends=depends,
        from_base=None if base_layers is None else package.location.layer < base_layers,
        purl=purl(
            package.type, package.name, package.version, namespace=namespace, qualifiers=qualifiers
        ),
    )
