"""NuGet packages of a published .NET program or runtime: NAME.deps.json.

Its `libraries` are packages, the program's own projects and runtime packs; `targets` say which
assemblies of each lie beside it.

Source: dotnet/sdk, documentation/specs/runtime-configuration-file.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import checked, from_tree
from secure.scan.formats.integrity import from_integrity
from secure.scan.formats.tree import json_tree, mapping, word
from secure.scan.layer_facts import Record
from secure.scan.owned_files import owned_files

_KINDS = frozenset({"package", "project", "runtimepack"})
_PACK = "runtimepack."


def parse_deps(file: FileView, tree: object) -> Iterator[Record | Unreadable]:
    """One package for each library that is part of the program."""
    root = mapping(tree)
    target = _target(root)
    for key, value in mapping(root.get("libraries")).items():
        library = mapping(value)
        if word(library.get("type")).lower() not in _KINDS:
            continue
        name, _, version = key.rpartition("/")
        told = mapping(target.get(key))
        package = Package(
            type="nuget",
            name=name.removeprefix(_PACK),
            version=version,
            location=file.location,
            found_by=DOTNET_DEPS.name,
            hashes=from_integrity(word(library.get("sha512"))),
        )
        needs = tuple((need,) for need in mapping(told.get("dependencies")))
        record = checked(file, package, needs)
        if isinstance(record, Record):
            owned = owned_files((name, b"") for name in _assemblies(file.name, told))
            record = Record(record.package, record.needs, files=owned)
        yield record


def _target(root: dict[str, object]) -> dict[str, object]:
    """The target that the program runs as; the only one, where none is named."""
    targets = mapping(root.get("targets"))
    name = word(mapping(root.get("runtimeTarget")).get("name"))
    return mapping(targets.get(name) or next(iter(targets.values()), None))


def _assemblies(deps_file: bytes, told: dict[str, object]) -> Iterator[bytes]:
    """Names of the files that a library brought; they are published beside the .deps.json."""
    folder = deps_file.rpartition(b"/")[0]
    for kind in ("runtime", "native", "runtimeTargets"):
        for path in mapping(told.get(kind)):
            plain = path if kind == "runtimeTargets" else path.rpartition("/")[2]
            yield folder + b"/" + plain.encode("utf-8", "replace")


DOTNET_DEPS = Cataloger(
    name="dotnet-deps",
    version=1,
    wants=("*.deps.json",),
    max_bytes=16 * MIB,
    parse=from_tree(json_tree, parse_deps),
    database=False,
)
