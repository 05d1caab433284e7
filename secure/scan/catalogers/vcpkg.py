"""C and C++ by vcpkg: the status of installed ports, and manifests.

Sources: microsoft/vcpkg-tool, src/vcpkg/statusparagraph.cpp; vcpkg documentation, "vcpkg.json
reference". A manifest without overrides leaves versions to a registry's baseline.
"""

from __future__ import annotations

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import DEFAULT_LIMITS, MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.tree import json_tree, listed, mapping, mappings, shown, word
from secure.scan.paragraphs import fields, paragraphs

_FIELDS = frozenset(
    b"package version port-version architecture status depends feature maintainer".split()
)
_VERSIONS = ("version", "version-semver", "version-date", "version-string")


def parse_status(file: FileView) -> Found:
    for paragraph in paragraphs(file.content):
        found = {key: text(value) for key, value in fields(paragraph, _FIELDS).items()}
        # A feature has a paragraph of its own, without a version: it is a part of its port.
        if b"feature" in found or not found.get(b"status", "").endswith(" installed"):
            continue
        needs = (one.partition("[")[0].partition(":")[0].strip()
                 for one in found.get(b"depends", "").split(","))  # fmt: skip
        package = Package(
            type="vcpkg",
            name=found.get(b"package", ""),
            version=found.get(b"version", ""),
            location=file.location,
            found_by=VCPKG_STATUS.name,
            maintainer=found.get(b"maintainer", ""),
            qualifiers=_qualifiers(found.get(b"port-version", ""), found.get(b"architecture", "")),
        )
        yield checked(file, package, tuple((name,) for name in needs if name))


def parse_manifest(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    overrides = {word(one.get("name")): one for one in mappings(top.get("overrides"))}
    for item in listed(top.get("dependencies")):
        name = word(item) or word(mapping(item).get("name"))
        exact = overrides.get(name)
        if exact is None:
            asked = shown(ValueError(name))
            yield file.unreadable(
                f'the version of "{asked}" is not in this file: a baseline has it'
            )
            continue
        version = next((value for key in _VERSIONS if (value := word(exact.get(key)))), "")
        version, _, port = version.partition("#")
        package = Package(
            type="vcpkg",
            name=name,
            version=version,
            location=file.location,
            found_by=VCPKG_MANIFEST.name,
            declared=True,
            qualifiers=_qualifiers(port or str(exact.get("port-version", "")), ""),
        )
        yield checked(file, package)


def _qualifiers(port: str, triplet: str) -> tuple[tuple[str, str], ...]:
    told = (
        ("port_version", port if port.isdecimal() and port != "0" else ""),
        ("triplet", triplet),
    )
    return tuple((key, value) for key, value in told if value)


VCPKG_STATUS = Cataloger(
    name="vcpkg-status",
    version=1,
    wants=("*/vcpkg/status",),
    max_bytes=DEFAULT_LIMITS.database_bytes,
    parse=parse_status,
)
VCPKG_MANIFEST = Cataloger(
    name="vcpkg-manifest",
    version=1,
    wants=("*/vcpkg.json",),
    max_bytes=4 * MIB,
    parse=from_tree(json_tree, parse_manifest),
    database=False,
)
