"""What a package can only be given when all databases are known: its purl and what it needs."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.facts.purl import purl
from secure.scan.distribution import purl_parts
from secure.scan.layer_facts import Record


def finished(records: Iterable[Record], release: OsRelease | None) -> tuple[Package, ...]:
    """Packages with namespace, purl and resolved dependencies, sorted."""
    listed = list(records)
    providers = _providers(listed)
    packages = [
        _described(record.package, _needed(record, providers), release) for record in listed
    ]
    return tuple(sorted(packages, key=lambda p: (p.type, p.name, p.version, p.location, p.arch)))


def _providers(records: list[Record]) -> dict[tuple[str, str], list[str]]:
    """Who satisfies a dependency on a name; a package always satisfies its own."""
    found: dict[tuple[str, str], list[str]] = {}
    for record in records:
        package = record.package
        found.setdefault((package.type, package.name), []).insert(0, package.name)
        for name in record.provides:
            found.setdefault((package.type, name), []).append(package.name)
    return found


def _needed(record: Record, providers: dict[tuple[str, str], list[str]]) -> tuple[str, ...]:
    """Of each dependency the first alternative that is installed."""
    kind, own = record.package.type, record.package.name
    names = {
        found[0]
        for alternatives in record.needs
        if (found := next(filter(None, (providers.get((kind, a)) for a in alternatives)), None))
    }
    return tuple(sorted(names - {own}))


def _described(package: Package, depends: tuple[str, ...], release: OsRelease | None) -> Package:
    namespace, of_distribution = purl_parts(package, release)
    qualifiers = dict(package.qualifiers) | of_distribution
    return msgspec.structs.replace(
        package,
        namespace=namespace,
        depends=depends,
        purl=purl(
            package.type, package.name, package.version, namespace=namespace, qualifiers=qualifiers
        ),
    )
