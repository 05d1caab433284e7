"""Python packages that poetry.lock, pdm.lock and uv.lock ask for.

Sources: Poetry, src/poetry/packages/locker.py; PDM documentation, "Lock file"; uv documentation,
"Lockfile". They differ in the names of a few keys, and in how they tell a local project.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.oci.limits import MIB
from secure.scan.cataloger import PYTHON_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.python_names import (
    Locked,
    Origin,
    from_git,
    from_index,
    from_url,
    required,
)
from secure.scan.formats.tree import listed, mapping, mappings, toml_tree, word

# Keys of "source" (uv) and of the package (PDM) that name a part of the project.
_LOCAL = frozenset({"editable", "virtual", "directory", "path"})
_LOCAL_TYPES = frozenset({"directory", "file"})  # Poetry's


def parse_lock(file: FileView, tree: dict[str, object]) -> Found:
    if "package" not in tree and not {"metadata", "version"} & tree.keys():
        yield file.unreadable('has no "package"')
    of_old_poetry = mapping(mapping(tree.get("metadata")).get("files"))
    found = (
        item
        for entry in mappings(tree.get("package"))
        for item in _entry(file, entry, of_old_poetry)
    )
    # PDM lists a package again for each set of its extras.
    yield from each_once(file, found)


def _entry(file: FileView, entry: dict[str, object], of_old_poetry: dict[str, object]) -> Found:
    name, source = word(entry.get("name")), mapping(entry.get("source"))
    if _LOCAL & (source.keys() | entry.keys()) or word(source.get("type")) in _LOCAL_TYPES:
        return
    archives = [
        mapping(entry.get("sdist")), *mappings(entry.get("wheels")), *mappings(entry.get("files")),
        *mappings(of_old_poetry.get(name)),
    ]  # fmt: skip
    address, commit = _repository(entry, source)
    asked = Locked(
        name,
        word(entry.get("version")),
        commit=commit,
        hashes=from_pairs(*(word(one.get("hash")) for one in archives)),
        needs=tuple(_needs(entry.get("dependencies"))),
        origin=from_git(address, commit) or _elsewhere(entry, source),
    )
    yield asked.record(file, PYTHON_LOCKS.name)


def _repository(entry: dict[str, object], source: dict[str, object]) -> tuple[str, str]:
    if source.get("type") == "git":  # Poetry
        return word(source.get("url")), word(source.get("resolved_reference"))
    if address := word(source.get("git")):  # uv: URL?rev=…#COMMIT
        place, _, commit = address.partition("#")
        return place, commit
    return word(entry.get("git")), word(entry.get("revision"))  # PDM


def _elsewhere(entry: dict[str, object], source: dict[str, object]) -> Origin:
    """Another index, or an address of its own."""
    if source.get("type") == "legacy":  # Poetry
        return from_index(word(source.get("url")))
    return from_index(word(source.get("registry"))) or from_url(
        word(source.get("url")) or word(entry.get("url"))
    )


def _needs(dependencies: object) -> Iterator[str]:
    """A table by name (Poetry), requirements (PDM), or tables with names (uv)."""
    yield from mapping(dependencies)
    for one in listed(dependencies):
        yield word(one.get("name")) if isinstance(one, dict) else required(word(one))


PYTHON_LOCKS = Cataloger(
    name="python-locks",
    version=1,
    wants=("*/poetry.lock", "*/pdm.lock", "*/uv.lock"),
    max_bytes=4 * MIB,
    parse=from_tree(toml_tree, parse_lock),
    database=False,
    outside=PYTHON_PACKAGES,
)
