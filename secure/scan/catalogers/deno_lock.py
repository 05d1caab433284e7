"""Packages of npm and JSR that a deno.lock asks for.

Source: denoland/deno_lockfile, versions 2 to 5: "npm" and "jsr" map NAME@VERSION to an entry; since
version 4 at the top, before within "packages", in version 2 "npm" has a "packages" of its own.
What it locks by address has no name and no version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import NODE_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, checked, each_once, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.npm import LockedNpm, split_reference, split_scope
from secure.scan.formats.tree import MAX_BYTES, json_tree, listed, mapping, word
from secure.scan.layer_facts import Record

# "react-dom@18.2.0_react@18.2.0": with which peers it is loaded; no version has an underscore.
_PEERS = re.compile(r"_.*", re.DOTALL)


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "version" not in top:
        yield file.unreadable('has no "version"')
        return
    inner = mapping(top.get("packages"))
    npm = mapping(top.get("npm")) or mapping(inner.get("npm"))
    npm = mapping(npm.get("packages")) or npm
    jsr = mapping(top.get("jsr")) or mapping(inner.get("jsr"))
    # The same version may be loaded with several sets of peers.
    yield from each_once(file, _records(file, npm, jsr))
    if remote := len(mapping(top.get("remote"))):
        yield file.unreadable(f"locks {remote} modules by address: they have no name and version")


def _records(
    file: FileView, npm: dict[str, object], jsr: dict[str, object]
) -> Iterator[Record | Unreadable]:
    for key, value in npm.items():
        name, version = split_reference(key)
        entry = mapping(value)
        yield LockedNpm(
            name,
            _PEERS.sub("", version),
            integrity=word(entry.get("integrity")),
            needs=tuple(_names(entry.get("dependencies"))),
        ).record(file, DENO_LOCK.name)
    for key, value in jsr.items():
        name, version = split_reference(key)
        scope, last = split_scope(name)
        package = Package(
            type="jsr",
            namespace=scope,
            name=last,
            version=version,
            location=file.location,
            found_by=DENO_LOCK.name,
            declared=True,
            hashes=from_pairs("sha256:" + word(mapping(value).get("integrity"))),
        )
        yield checked(file, package)


def _names(dependencies: object) -> Iterator[str]:
    """Before version 4 a mapping of names to NAME@VERSION, then a list of NAME[@VERSION]."""
    yield from mapping(dependencies)
    for one in listed(dependencies):
        yield split_reference(word(one))[0]


DENO_LOCK = Cataloger(
    name="deno-lock",
    version=1,
    wants=("*/deno.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_lock),
    database=False,
    outside=NODE_PACKAGES,
)
