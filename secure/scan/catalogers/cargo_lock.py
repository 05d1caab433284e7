"""Rust crates that a Cargo.lock asks for.

Source: The Cargo Book, "Cargo.toml vs Cargo.lock"; cargo's lock file versions 1 to 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import checked, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.tree import listed, mapping, mappings, toml_tree, word
from secure.scan.layer_facts import Record


def parse_cargo_lock(file: FileView, tree: dict[str, object]) -> Iterator[Record | Unreadable]:
    """Every locked crate, the workspace's own among them."""
    sums = {key: word(value) for key, value in mapping(tree.get("metadata")).items()}
    for crate in mappings(tree.get("package")):
        name, version = word(crate.get("name")), word(crate.get("version"))
        # Version 1 kept the checksums in a table of their own.
        digest = word(crate.get("checksum")) or sums.get(
            f"checksum {name} {version} ({word(crate.get('source'))})", ""
        )
        needs = [word(need).split(" ")[0] for need in listed(crate.get("dependencies"))]
        package = Package(
            type="cargo",
            name=name,
            version=version,
            location=file.location,
            found_by=CARGO_LOCK.name,
            declared=True,
            hashes=from_pairs(f"sha256:{digest}"),
        )
        yield checked(file, package, tuple((need,) for need in needs if need))


CARGO_LOCK = Cataloger(
    name="cargo-lock",
    version=2,
    wants=("*/Cargo.lock",),
    max_bytes=4 * MIB,
    parse=from_tree(toml_tree, parse_cargo_lock),
    database=False,
    outside=(b"registry/src",),
)
