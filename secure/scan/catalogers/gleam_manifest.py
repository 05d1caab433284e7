"""Packages that a manifest.toml of Gleam asks for: Hex's, and those of repositories.

Source: gleam-lang/gleam, compiler-core/src/manifest.rs.
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.repository import git_url
from secure.scan.formats.tree import listed, mappings, toml_tree, word


def parse_manifest(file: FileView, tree: dict[str, object]) -> Found:
    """Others call a file manifest.toml too: without Gleam's fields it names no packages."""
    for entry in mappings(tree.get("packages")):
        source = word(entry.get("source"))
        if source not in {"hex", "git"}:  # "local" is a part of the project
            continue
        commit = word(entry.get("commit"))
        package = Package(
            type="hex",
            name=word(entry.get("name")),
            version=word(entry.get("version")),
            location=file.location,
            found_by=GLEAM_MANIFEST.name,
            declared=True,
            hashes=from_pairs("sha256:" + word(entry.get("outer_checksum"))),
            qualifiers=(("vcs_url", f"{git_url(word(entry.get('repo')))}@{commit}"),)
            if commit
            else (),
        )
        needs = [word(need) for need in listed(entry.get("requirements"))]
        yield checked(file, package, tuple((need,) for need in needs if need))


GLEAM_MANIFEST = Cataloger(
    name="gleam-manifest",
    version=1,
    wants=("*/manifest.toml",),
    max_bytes=4 * MIB,
    parse=from_tree(toml_tree, parse_manifest),
    database=False,
)
