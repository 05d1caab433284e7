"""Swift: Package.resolved, versions 1 to 3.

Source: swiftlang/swift-package-manager, Sources/PackageGraph/PinsStore.swift; purl type "swift":
the namespace is host and owner, the name is the repository.
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.repository import repository
from secure.scan.formats.tree import MAX_BYTES, json_tree, mapping, mappings, word


def parse_resolved(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    pins = mapping(top.get("object")).get("pins") or top.get("pins")  # version 1, later ones
    if pins is None and "pins" not in top:
        yield file.unreadable('has no "pins"')
    for pin in mappings(pins):
        state = mapping(pin.get("state"))
        url = word(pin.get("repositoryURL")) or word(pin.get("location"))
        namespace, name = repository(url)
        identity = word(pin.get("identity")) or word(pin.get("package"))
        if not url and "." in identity:  # of a registry (SE-0292): scope.name
            namespace, _, name = identity.partition(".")
        package = Package(
            type="swift" if namespace else "generic",
            namespace=namespace,
            name=name or identity,
            version=word(state.get("version")) or word(state.get("revision")),
            location=file.location,
            found_by=SWIFT_RESOLVED.name,
            declared=True,
        )
        yield checked(file, package)


SWIFT_RESOLVED = Cataloger(
    name="swift-resolved",
    version=1,
    wants=("*/Package.resolved", "*/.package.resolved"),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_resolved),
    database=False,
)
