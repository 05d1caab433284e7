"""NuGet packages that a build of .NET resolved: obj/project.assets.json.

Source: NuGet/NuGet.Client, LockFileFormat.cs: "libraries" maps NAME/VERSION to its digest,
"targets" say what each needs for a framework.
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.integrity import from_integrity
from secure.scan.formats.tree import MAX_BYTES, json_tree, mapping, word


def parse_assets(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "libraries" not in top:
        yield file.unreadable('has no "libraries"')
    needs: dict[str, dict[str, None]] = {}
    for framework in mapping(top.get("targets")).values():
        for key, value in mapping(framework).items():
            asked = mapping(mapping(value).get("dependencies"))
            needs.setdefault(key, {}).update(dict.fromkeys(asked))
    for key, value in mapping(top.get("libraries")).items():
        library = mapping(value)
        if word(library.get("type")) != "package":  # a project of the same build
            continue
        name, _, version = key.partition("/")
        package = Package(
            type="nuget",
            name=name,
            version=version,
            location=file.location,
            found_by=NUGET_ASSETS.name,
            declared=True,
            hashes=from_integrity("sha512-" + word(library.get("sha512"))),
        )
        yield checked(file, package, tuple((need,) for need in needs.get(key, ())))


NUGET_ASSETS = Cataloger(
    name="nuget-assets",
    version=1,
    wants=("*/project.assets.json",),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_assets),
    database=False,
)
