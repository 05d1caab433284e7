"""NuGet packages that a project of .NET asks for: its own file, packages.config, Directory.*.props.

Sources: NuGet documentation, "packages.config", "PackageReference in project files", "Central
Package Management". Only a whole version counts: what a range or a variable would become is in
the lock file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, each_once, from_tree
from secure.scan.formats.tree import shown
from secure.xml_tree import Element, xml_tree

_MAX_BYTES = 4 * MIB
_ASKING = frozenset({"PackageReference", "PackageVersion", "GlobalPackageReference"})
# "[1.2.3]" is exactly that version; "1.2.3" is the least, and what NuGet takes.
_VERSION = re.compile(r"\[?\s*+(\d[\w.+-]*+)\s*+\]?")


def parse_project(file: FileView, root: Element) -> Found:
    yield from each_once(file, _packages(file, root))


def _packages(file: FileView, root: Element) -> Found:
    for name, told in _asked(root):
        if not told:  # another file has it
            continue
        version = _VERSION.fullmatch(told)
        if version is None:
            asked, range_ = shown(ValueError(name)), shown(ValueError(told))
            yield file.unreadable(f'names no exact version of "{asked}": "{range_}"')
            continue
        package = Package(
            type="nuget",
            name=name,
            version=version[1],
            location=file.location,
            found_by=NUGET_PROJECT.name,
            declared=True,
        )
        yield checked(file, package)


def _asked(root: Element) -> Iterator[tuple[str, str]]:
    """Names with the versions as they are written, "" without one."""
    if root.name == "packages":
        for one in root.all("package"):
            yield one.attributes.get("id", "").strip(), one.attributes.get("version", "").strip()
    for group in root.all("ItemGroup"):
        for item in group.children:
            if item.name in _ASKING:
                name = item.attributes.get("Include", "").strip()
                told = item.attributes.get("Version") or item.attributes.get("VersionOverride")
                if name:  # "Update" and "Remove" change what another file asks for
                    yield name, (told or item.child("Version").text).strip()


def _decode(content: bytes) -> Element:
    return xml_tree(content, _MAX_BYTES)


NUGET_PROJECT = Cataloger(
    name="nuget-project",
    version=1,
    wants=(
        "*/packages.config", "*/Directory.Packages.props", "*.csproj", "*.fsproj", "*.vbproj",
    ),
    max_bytes=_MAX_BYTES,
    parse=from_tree(_decode, parse_project),
    database=False,
)  # fmt: skip
