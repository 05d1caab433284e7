"""Go modules whose source a project keeps: vendor/modules.txt.

Source: The Go Modules Reference, "Vendoring": "# MODULE VERSION", then "## explicit" and packages;
"# MODULE VERSION => MODULE VERSION" where another takes its place.
"""

from __future__ import annotations

import re

import msgspec

from secure.facts.location import text
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.go_binary import module_package
from secure.scan.formats.checked import Found, checked, each_once

_MODULE = re.compile(r"# (\S+)(?: (v\S+))?(?: => (\S+)(?: (v\S+))?)?\s*")


def parse_modules(file: FileView) -> Found:
    yield from each_once(file, _modules(file))


def _modules(file: FileView) -> Found:
    for line in file.content.split(b"\n"):
        if not line.startswith(b"# "):
            continue
        module = _MODULE.fullmatch(text(line))
        if module is None:
            yield file.unreadable("a module has no name and version")
            continue
        path, version = (module[3], module[4]) if module[3] else (module[1], module[2])
        if not version:  # a folder of the project
            continue
        found = module_package(path, version, file.location, GO_VENDOR.name)
        yield checked(file, msgspec.structs.replace(found, declared=True))


GO_VENDOR = Cataloger(
    name="go-vendor",
    version=1,
    wants=("*/vendor/modules.txt",),
    max_bytes=16 * MIB,
    parse=parse_modules,
    database=False,
)
