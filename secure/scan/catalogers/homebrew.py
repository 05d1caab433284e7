"""Homebrew formulae as installed: Cellar/NAME/VERSION/INSTALL_RECEIPT.json.

Source: Homebrew/brew, Library/Homebrew/tab.rb. Name and version are the directories (a revision is
part of the version: "1.2_1"); the receipt tells the tap and what it was built with.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import json_tree, mapping, mappings, word

_PLACE = re.compile(r"(?:.*/)?Cellar/([^/]+)/([^/]+)/INSTALL_RECEIPT\.json")


def parse_receipt(file: FileView, tree: object) -> Found:
    place = _PLACE.fullmatch(text(file.name))
    if place is None:
        yield file.unreadable("lies in no Cellar, whose directories tell name and version")
        return
    receipt = mapping(tree)
    needs = (word(one.get("full_name")) for one in mappings(receipt.get("runtime_dependencies")))
    package = Package(
        type="brew",
        namespace=word(mapping(receipt.get("source")).get("tap")),
        name=place[1],
        version=place[2],
        location=file.location,
        found_by=HOMEBREW.name,
        arch=word(receipt.get("arch")),
    )
    yield checked(file, package, tuple((name.rpartition("/")[2],) for name in needs if name))


HOMEBREW = Cataloger(
    name="homebrew",
    version=1,
    wants=("*/INSTALL_RECEIPT.json",),
    max_bytes=4 * MIB,
    parse=from_tree(json_tree, parse_receipt),
    database=False,
)
