"""Packages that PEAR installed, extensions from PECL among them: .registry/NAME.reg.

Those of another channel than pear.php.net lie in .registry/.channel.CHANNEL.

Source: pear/pear-core, PEAR/Registry.php: one value of PHP's serialize() each; package.xml 1.0 and
2.0 name their fields differently.
"""

from __future__ import annotations

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.php_serialized import php_tree
from secure.scan.formats.tree import mapping, word

_CHANNEL = ".channel."
_USUAL = "pear.php.net"


def parse_registry(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    folder = text(file.name).split("/")[-2]
    channel = word(top.get("channel")) or (
        folder.removeprefix(_CHANNEL) if folder.startswith(_CHANNEL) else _USUAL
    )
    version, licence = top.get("version"), top.get("license")
    package = Package(
        type="pear",
        namespace=channel,
        name=word(top.get("name")) or word(top.get("package")),
        version=word(version) or word(mapping(version).get("release")),
        location=file.location,
        found_by=PEAR_REGISTRY.name,
        licences=tuple(filter(None, (word(licence) or word(mapping(licence).get("_content")),))),
    )
    yield checked(file, package)


PEAR_REGISTRY = Cataloger(
    name="pear-registry",
    version=1,
    wants=("*/.registry/*.reg", "*/.registry/*/*.reg"),
    max_bytes=4 * MIB,
    parse=from_tree(php_tree, parse_registry),
    database=False,
)
