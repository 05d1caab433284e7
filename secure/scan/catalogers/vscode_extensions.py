"""Extensions of VS Code and its relatives, as they list what they installed: extensions.json.

Source: microsoft/vscode, extensionsProfileScannerService.ts; purl type "vscode-extension".
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import json_tree, mapping, mappings, word


def parse_extensions(file: FileView, tree: object) -> Found:
    for entry in mappings(tree):
        publisher, _, name = word(mapping(entry.get("identifier")).get("id")).partition(".")
        if not name:
            yield file.unreadable("an extension has no publisher and name")
            continue
        platform = word(mapping(entry.get("metadata")).get("targetPlatform"))
        package = Package(
            type="vscode-extension",
            namespace=publisher,
            name=name,
            version=word(entry.get("version")),
            location=file.location,
            found_by=VSCODE_EXTENSIONS.name,
            qualifiers=(("platform", platform),) if platform not in {"", "undefined"} else (),
        )
        yield checked(file, package)


VSCODE_EXTENSIONS = Cataloger(
    name="vscode-extensions",
    version=1,
    wants=("*/extensions/extensions.json",),
    max_bytes=4 * MIB,
    parse=from_tree(json_tree, parse_extensions),
    database=False,
)
