"""Node packages that package-lock.json or npm-shrinkwrap.json asks for, lockfileVersion 1 to 3.

Source: npm documentation, "package-lock.json". Version 2 holds both forms; "packages" is the one
that npm itself reads then.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.scan.cataloger import NODE_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.npm import LockedNpm, is_local, needed, split_reference
from secure.scan.formats.tree import MAX_BYTES, json_tree, mapping, word

_FOLDER = "node_modules/"


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "packages" in top:
        locked = _of_packages(mapping(top["packages"]))
    elif "dependencies" in top:
        locked = _of_dependencies(mapping(top["dependencies"]))
    elif "lockfileVersion" in top:
        return  # of a project that needs nothing
    else:
        yield file.unreadable('has neither "packages" nor "dependencies"')
        return
    # The same version may be installed in many folders.
    yield from each_once(file, (one.record(file, NPM_LOCK.name) for one in locked))


def _of_packages(packages: dict[str, object]) -> Iterator[LockedNpm]:
    for place, value in packages.items():
        entry = mapping(value)
        address = word(entry.get("resolved"))
        # What lies outside node_modules is a workspace, and a link leads to one.
        if _FOLDER not in place or entry.get("link") is True or is_local(address):
            continue
        yield LockedNpm(
            word(entry.get("name")) or place.rpartition(_FOLDER)[2],  # the name of an alias
            word(entry.get("version")),
            address=address,
            integrity=word(entry.get("integrity")),
            licence=word(entry.get("license")),
            needs=needed(entry, "dependencies", "optionalDependencies"),
        )


def _of_dependencies(dependencies: dict[str, object]) -> Iterator[LockedNpm]:
    for key, entry in _all(dependencies):
        name, version, address = key, word(entry.get("version")), ""
        if is_local(version):
            continue
        if version.startswith("npm:"):  # an alias
            name, version = split_reference(version.removeprefix("npm:"))
        elif ":" in version:
            # Version 1 has the address in place of the version of what no registry gave.
            version, address = "", version
        yield LockedNpm(
            name,
            version,
            address=address,
            integrity=word(entry.get("integrity")),
            needs=needed(entry, "requires"),
        )


def _all(dependencies: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    waiting = [dependencies]
    while waiting:
        for name, value in waiting.pop().items():
            entry = mapping(value)
            yield name, entry
            if deeper := mapping(entry.get("dependencies")):
                waiting.append(deeper)


NPM_LOCK = Cataloger(
    name="npm-lock",
    version=1,
    wants=("*/package-lock.json", "*/npm-shrinkwrap.json"),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_lock),
    database=False,
    outside=NODE_PACKAGES,
)
