"""C and C++ by Conan: conan.lock (0.4 and 0.5), conanfile.txt, conaninfo.txt of the package cache.

Source: Conan documentation, "Lockfiles", "conanfile.txt", "conaninfo.txt". A reference is
name/version[@user/channel][#recipe revision][:package id][%time].
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import json_tree, listed, mapping, shown, word

_REFERENCE = re.compile(
    r"([^/@#:%\s\[\]]{1,200})/([^/@#:%\s\[\]]{1,200})(?:@(?:([^/#:%\s]{0,200})/([^/#:%\s]{0,200}))?)?"
    r"(?:#([0-9a-f]{1,64}))?(?:[#:%].*)?"
)
_REQUIRES = ("requires", "build_requires", "python_requires", "config_requires")
_SECTIONS = frozenset({"requires", "build_requires", "tool_requires", "test_requires"})
# Conan 1: data/NAME/VERSION/USER/CHANNEL/package/ID/conaninfo.txt; "_" where there is no user.
_CACHE = re.compile(
    r"(?:.*/)?data/([^/]+)/([^/]+)/([^/]+)/([^/]+)/package/[0-9a-f]{40}/conaninfo\.txt"
)


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    nodes = mapping(mapping(top.get("graph_lock")).get("nodes"))  # 0.4
    references = [word(mapping(node).get("ref")) for node in nodes.values()]
    for key in _REQUIRES:  # 0.5
        references += [word(one) for one in listed(top.get(key))]
    if not nodes and not any(key in top for key in _REQUIRES):
        yield file.unreadable("is no lock file of Conan: it has neither nodes nor requires")
    for reference in references:
        # The project itself has no reference, or a bare name ("conanfile.txt").
        if reference and "/" in reference:
            yield from referred(file, CONAN_LOCK.name, reference)


def parse_conanfile(file: FileView) -> Found:
    for section, line in _lines(file):
        if section in _SECTIONS:
            yield from referred(file, CONAN_FILE.name, line)


def parse_conaninfo(file: FileView) -> Found:
    place = _CACHE.fullmatch(text(file.name))
    if place is None:
        # Conan 2 does not say whose file it is; the table of its cache does.
        return
    lines = list(_lines(file))
    if not lines:
        yield file.unreadable("has no section")
        return
    needed = [_REFERENCE.fullmatch(line) for section, line in lines if section == "full_requires"]
    user, channel = (part if part != "_" else "" for part in (place[3], place[4]))
    package = Package(
        type="conan",
        namespace=user,
        name=place[1],
        version=place[2],
        location=file.location,
        found_by=CONAN_INFO.name,
        qualifiers=(("channel", channel),) if channel else (),
    )
    yield checked(file, package, tuple((one[1],) for one in needed if one))


def referred(file: FileView, by: str, reference: str, *, declared: bool = True) -> Found:
    """The package that a reference names."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        asked = shown(ValueError(reference))
        yield file.unreadable(f'"{asked}" names no exact version of a package')
        return
    qualifiers = (("channel", found[4] or ""), ("rrev", found[5] or ""))
    package = Package(
        type="conan",
        namespace=found[3] or "",
        name=found[1],
        version=found[2],
        location=file.location,
        found_by=by,
        declared=declared,
        qualifiers=tuple((key, value) for key, value in qualifiers if value),
    )
    yield checked(file, package)


def _lines(file: FileView) -> Iterator[tuple[str, str]]:
    """(section, line) of a file like an ini file, without comments."""
    section = ""
    for raw in text(file.content).split("\n"):
        line = raw.split(" #", 1)[0].strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and not line.startswith("#"):
            yield section, line


CONAN_LOCK = Cataloger(
    name="conan-lock",
    version=1,
    wants=("*/conan.lock",),
    max_bytes=16 * MIB,
    parse=from_tree(json_tree, parse_lock),
    database=False,
)
CONAN_FILE = Cataloger(
    name="conan-file",
    version=1,
    wants=("*/conanfile.txt",),
    max_bytes=1 * MIB,
    parse=parse_conanfile,
    database=False,
)
CONAN_INFO = Cataloger(
    name="conan-info",
    version=1,
    wants=("*/conaninfo.txt",),
    max_bytes=1 * MIB,
    parse=parse_conaninfo,
    database=False,
)
