"""Nix packages: the directories /nix/store/HASH-NAME-VERSION[-OUTPUT], which are the database.

Sources: Nix manual, "Store Path" (32 digits of base 32) and "builtins.parseDrvName" (the version
begins at the first "-" that no letter follows). What has no version is a script, a set of links or
a source, and no package. An image made by nix has no other database that its builder must put in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Record

_STORE_NAME = re.compile(r"([0-9abcdfghijklmnpqrsvwxyz]{32})-(.+?)-([^a-zA-Z].*)", re.ASCII)
# nixpkgs, multiple outputs: the names that its own expressions give them.
_OUTPUT = re.compile(
    r"-(bin|dev|lib|out|man|doc|devdoc|info|static|debug|data|dist|tools|libgcc|getent|locales)$"
)


def parse_store_path(file: FileView) -> Iterator[Record | Unreadable]:
    match = _STORE_NAME.fullmatch(text(file.name.rpartition(b"/")[2]))
    if match is None:
        return
    digest, name, rest = match.groups()
    output = _OUTPUT.search(rest)
    version = rest[: output.start()] if output else rest
    if version.endswith((".drv", ".patch", ".tar.gz", ".tar.xz", ".lock")):
        return
    yield Record(
        Package(
            type="nix",
            name=name,
            version=version,
            location=file.location,
            found_by=NIX_STORE.name,
            qualifiers=(("outputhash", digest), ("output", output[1] if output else "")),
        )
    )


NIX_STORE = Cataloger(
    name="nix-store",
    version=1,
    wants=("nix/store/*/",),
    max_bytes=0,
    parse=parse_store_path,
    database=False,
)
