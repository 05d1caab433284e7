"""CocoaPods: Podfile.lock.

Source: CocoaPods/Core, lib/cocoapods-core/lockfile.rb: PODS is a list of "Name (1.0)", or of a
mapping from that to what it needs. "Name/Part" is a subspec: a part of the same pod.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import listed, mapping, word
from secure.scan.formats.yaml_tree import MAX_BYTES, yaml_tree

_POD = re.compile(r"([^\s/(]{1,200})(?:/[^\s(]{1,300})?(?: \(([^)]{1,200})\))?")


def parse_lock(file: FileView, tree: object) -> Found:
    pods = mapping(tree).get("PODS")
    if pods is None:
        yield file.unreadable('has no "PODS"')
    seen: set[tuple[str, str]] = set()
    for line, needs in _entries(pods):
        pod = _POD.fullmatch(line)
        if pod is None:
            yield file.unreadable("an entry of PODS is no name and version")
            continue
        name, version = pod[1], pod[2] or ""
        if (name, version) in seen:
            continue
        seen.add((name, version))
        package = Package(
            type="cocoapods",
            name=name,
            version=version,
            location=file.location,
            found_by=COCOAPODS_LOCK.name,
            declared=True,
        )
        asked = (_POD.match(word(one)) for one in needs)
        yield checked(file, package, tuple((one[1],) for one in asked if one))


def _entries(pods: object) -> Iterator[tuple[str, list[object]]]:
    for item in listed(pods):
        if isinstance(item, dict):
            yield from ((word(line), listed(needs)) for line, needs in item.items())
        else:
            yield word(item), []


COCOAPODS_LOCK = Cataloger(
    name="cocoapods-lock",
    version=1,
    wants=("*/Podfile.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(yaml_tree, parse_lock),
    database=False,
)
