"""Distributions of CPAN that cpanminus installed: .meta/DISTRIBUTION/install.json beside modules.

Source: App::cpanminus, "install.json"; purl type "cpan": the namespace is the author.
"""

from __future__ import annotations

import re

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import json_tree, mapping, word

_AUTHOR = re.compile(r"[A-Z]/[A-Z]{2}/([A-Z][-A-Z0-9]{1,30})/")


def parse_install(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    version = word(top.get("version"))
    # "dist" is NAME-VERSION; "name" is that of the module that was asked for.
    distribution = word(top.get("dist")).removesuffix(f"-{version}")
    author = _AUTHOR.match(word(top.get("pathname")))
    package = Package(
        type="cpan",
        namespace=author[1] if author else "",
        name=distribution or word(top.get("name")).replace("::", "-"),
        version=version.removeprefix("v"),
        location=file.location,
        found_by=CPAN_INSTALL.name,
    )
    yield checked(file, package)


CPAN_INSTALL = Cataloger(
    name="cpan-install",
    version=1,
    wants=("*/.meta/*/install*.json",),
    max_bytes=4 * MIB,
    parse=from_tree(json_tree, parse_install),
    database=False,
)
