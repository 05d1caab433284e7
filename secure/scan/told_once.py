"""Packages that an SBOM inside the image names, and that were also seen where they lie."""

from __future__ import annotations

from collections.abc import Iterable

from secure.scan.catalogers.embedded_sbom import EMBEDDED_SBOM
from secure.scan.layer_facts import Record


def told_once(named: Iterable[tuple[bytes, Record]]) -> list[tuple[bytes, Record]]:
    """Without what only a document repeats: seen is worth more than said.

    Of two documents that name a package, the first speaks.

    Args:
        named: records with the file each was read from.
    """
    listed = list(named)
    known = {_identity(one) for _, one in listed if one.package.found_by != EMBEDDED_SBOM.name}
    kept = []
    for name, one in listed:
        if one.package.found_by == EMBEDDED_SBOM.name:
            if _identity(one) in known:
                continue
            known.add(_identity(one))
        kept.append((name, one))
    return kept


def _identity(record: Record) -> tuple[str, str, str, str]:
    package = record.package
    return package.type, package.namespace.lower(), package.name.lower(), package.version
