"""What Bitnami built into an image, as its older images say: opt/bitnami/.bitnami_components.json.

Newer ones have an SPDX document for each component, which `embedded_sbom` reads.

Source: bitnami/containers, "BITNAMI_COMPONENTS"; purl type "bitnami" (qualifiers arch and distro).
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import json_tree, mapping, word


def parse_components(file: FileView, tree: object) -> Found:
    for name, value in mapping(tree).items():
        component = mapping(value)
        qualifiers = tuple(
            (key, told) for key in ("arch", "distro") if (told := word(component.get(key)))
        )
        package = Package(
            type="bitnami",
            name=name,
            version=word(component.get("version")),
            location=file.location,
            found_by=BITNAMI_COMPONENTS.name,
            arch=word(component.get("arch")),
            qualifiers=qualifiers,
        )
        yield checked(file, package)


BITNAMI_COMPONENTS = Cataloger(
    name="bitnami-components",
    version=1,
    wants=("*/.bitnami_components.json",),
    max_bytes=1 * MIB,
    parse=from_tree(json_tree, parse_components),
    database=False,
)
