"""Julia: Manifest.toml, formats 1 and 2.

Source: Pkg.jl documentation, "Project.toml and Manifest.toml"; purl type "julia" needs the uuid.
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import listed, mapping, mappings, toml_tree, word


def parse_manifest(file: FileView, tree: dict[str, object]) -> Found:
    # Format 1 has the packages at the top, 2 below "deps".
    packages = mapping(tree.get("deps")) if "manifest_format" in tree else tree
    for name, entries in packages.items():
        for entry in mappings(entries):
            version, uuid = word(entry.get("version")), word(entry.get("uuid"))
            if not version and "git-tree-sha1" not in entry and "path" not in entry:
                continue  # of the standard library: it has Julia's own version
            package = Package(
                type="julia" if uuid else "generic",
                name=name,
                version=version,
                location=file.location,
                found_by=JULIA_MANIFEST.name,
                declared=True,
                qualifiers=(("uuid", uuid),) if uuid else (),
            )
            deps = entry.get("deps")
            names = mapping(deps) or [word(one) for one in listed(deps)]
            yield checked(file, package, tuple((one,) for one in names if one))


JULIA_MANIFEST = Cataloger(
    name="julia-manifest",
    version=1,
    wants=("*/Manifest.toml", "*/JuliaManifest.toml"),
    max_bytes=4 * MIB,
    parse=from_tree(toml_tree, parse_manifest),
    database=False,
)
