"""What other files tell about packages, joined with their records."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.package import Package
from secure.scan.layer_facts import Detail, Record


def detailed(records: Iterable[Record], details: Iterable[Detail]) -> list[Record]:
    """The records, each with the details that name its package; others lead nowhere.

    What the database itself says counts first. Licences that were found are collected.
    """
    by_name: dict[tuple[str, str], list[Detail]] = {}
    for detail in details:
        by_name.setdefault((detail.type, detail.name), []).append(detail)
    return [
        msgspec.structs.replace(record, package=_with(record.package, found))
        if (found := by_name.get((record.package.type, record.package.name)))
        else record
        for record in records
    ]


def _with(package: Package, details: list[Detail]) -> Package:
    about = [detail for detail in details if _is_about(detail, package)]
    if not about:
        return package
    found = {licence for detail in about for licence in detail.licences_found}
    return msgspec.structs.replace(
        package,
        licences=package.licences or next((d.licences for d in about if d.licences), ()),
        licences_found=tuple(sorted(found.union(package.licences_found))),
        homepage=package.homepage or next((d.homepage for d in about if d.homepage), ""),
        maintainer=package.maintainer or next((d.maintainer for d in about if d.maintainer), ""),
        hashes=package.hashes or next((d.hashes for d in about if d.hashes), ()),
        automatic=package.automatic or any(detail.automatic for detail in about),
    )


def _is_about(detail: Detail, package: Package) -> bool:
    return (
        detail.namespace in {"", package.namespace}
        # apt marks a package of every architecture under that of the machine (apt-mark(8)).
        and (detail.arch in {"", package.arch} or package.arch == "all")
        and detail.version in {"", package.version}
    )
