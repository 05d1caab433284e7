"""NuGet packages that a packages.lock.json asks for.

Source: NuGet documentation, "Enabling a lock file"; dependencies are listed by target framework.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import checked, from_tree
from secure.scan.formats.integrity import from_integrity
from secure.scan.formats.tree import json_tree, mapping, word
from secure.scan.layer_facts import Record


def parse_nuget_lock(file: FileView, tree: object) -> Iterator[Record | Unreadable]:
    """Each locked package once, though several frameworks ask for it."""
    seen: set[tuple[str, str]] = set()
    for framework in mapping(mapping(tree).get("dependencies")).values():
        for name, value in mapping(framework).items():
            locked = mapping(value)
            version = word(locked.get("resolved"))
            if word(locked.get("type")).lower() == "project" or (name, version) in seen:
                continue
            seen.add((name, version))
            package = Package(
                type="nuget",
                name=name,
                version=version,
                location=file.location,
                found_by=NUGET_LOCK.name,
                declared=True,
                hashes=from_integrity("sha512-" + word(locked.get("contentHash"))),
            )
            needs = tuple((need,) for need in mapping(locked.get("dependencies")))
            yield checked(file, package, needs)


NUGET_LOCK = Cataloger(
    name="nuget-lock",
    version=1,
    wants=("*/packages.lock.json",),
    max_bytes=16 * MIB,
    parse=from_tree(json_tree, parse_nuget_lock),
    database=False,
)
