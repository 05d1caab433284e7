"""Node packages that a bun.lock asks for, or its predecessor bun.lockb, which is binary.

Source: oven-sh/bun, "Lockfile": JSON with trailing commas; each value of "packages" is a list that
starts with "name@reference".
"""

from __future__ import annotations

from secure.errors import InputError
from secure.oci.limits import MIB
from secure.scan.cataloger import NODE_PACKAGES, Cataloger, FileView
from secure.scan.formats.bun_lockb import locked_packages
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.npm import LockedNpm, is_local, needed, split_reference
from secure.scan.formats.tree import listed, loose_json_tree, mapping, word


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "packages" not in top and "lockfileVersion" not in top:
        yield file.unreadable('has neither "packages" nor "lockfileVersion"')
    locked = map(_locked, map(listed, mapping(top.get("packages")).values()))
    # The same version may be installed in many folders.
    yield from each_once(file, (one.record(file, BUN_LOCK.name) for one in locked if one))


def _locked(entry: list[object]) -> LockedNpm | None:
    """The package; None where it is a part of the project."""
    name, version = split_reference(word(entry[0]) if entry else "")
    if is_local(version) or version.startswith("root:"):
        return None
    described: dict[str, object] = next((item for item in entry if isinstance(item, dict)), {})
    # Of what a repository gave, the commit is all that the lock file knows of the version.
    outside = ":" in version
    return LockedNpm(
        name,
        "" if outside else version,
        address=version if outside else "",
        integrity=word(entry[-1]) if entry else "",
        needs=needed(described, "dependencies", "optionalDependencies"),
    )


def parse_binary(file: FileView) -> Found:
    try:
        locked = locked_packages(file.content)
        yield from each_once(file, (one.record(file, BUN_BINARY_LOCK.name) for one in locked))
    except InputError as cause:
        yield file.unreadable(cause.what)


BUN_LOCK = Cataloger(
    name="bun-lock",
    version=1,
    wants=("*/bun.lock",),
    max_bytes=4 * MIB,
    parse=from_tree(loose_json_tree, parse_lock),
    database=False,
    outside=NODE_PACKAGES,
)
BUN_BINARY_LOCK = Cataloger(
    name="bun-binary-lock",
    version=2,
    wants=("*/bun.lockb",),
    max_bytes=16 * MIB,
    parse=parse_binary,
    database=False,
    outside=NODE_PACKAGES,
)
