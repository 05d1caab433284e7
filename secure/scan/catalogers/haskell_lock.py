"""Haskell: stack.yaml.lock and cabal.project.freeze.

Sources: Stack documentation, "Lock files" (pantry locations "name-1.2@sha256:…,size"); Cabal User
Guide, "cabal freeze" (constraints: any.name ==1.2).
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import mapping, mappings, word
from secure.scan.formats.yaml_tree import MAX_BYTES, yaml_tree

_HACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,200})-(\d[\d.]{0,100})(?:@.*)?")
_FROZEN = re.compile(r"\bany\.([A-Za-z0-9-]{1,200})\s*==\s*(\d[\d.]{0,100})")
_COMMENT = re.compile(r"(?m)^[ \t]*--.*$")


def parse_stack(file: FileView, tree: object) -> Found:
    for entry in mappings(mapping(tree).get("packages")):
        done = mapping(entry.get("completed"))
        if hackage := word(done.get("hackage")):
            found = _HACKAGE.fullmatch(hackage)
            name, version = (found[1], found[2]) if found else ("", "")
            yield checked(file, _package(file, "hackage", name, version))
        else:  # from a repository or an archive
            yield checked(
                file, _package(file, "generic", word(done.get("name")), word(done.get("version")))
            )


def parse_freeze(file: FileView) -> Found:
    for found in _FROZEN.finditer(_COMMENT.sub("", text(file.content))):
        yield checked(file, _package(file, "hackage", found[1], found[2]))


def _package(file: FileView, kind: str, name: str, version: str) -> Package:
    by = CABAL_FREEZE if file.name.endswith(b".freeze") else STACK_LOCK
    return Package(
        type=kind,
        name=name,
        version=version,
        location=file.location,
        found_by=by.name,
        declared=True,
    )


STACK_LOCK = Cataloger(
    name="stack-lock",
    version=1,
    wants=("*/stack.yaml.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(yaml_tree, parse_stack),
    database=False,
)
CABAL_FREEZE = Cataloger(
    name="cabal-freeze",
    version=1,
    wants=("*/cabal.project.freeze",),
    max_bytes=MAX_BYTES,
    parse=parse_freeze,
    database=False,
)
