"""Node packages that a pnpm-lock.yaml asks for: lockfileVersion 5, 6 and 9.

Source: pnpm/spec, lockfile/5.md, 6.0.md and 9.0.md. A package is named by its key:
"/name/1.0.0_peer@2" in 5, "/name@1.0.0(peer@2)" in 6, "name@1.0.0" in 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.scan.cataloger import NODE_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.npm import LockedNpm, is_local, needed, split_reference
from secure.scan.formats.tree import mapping, word
from secure.scan.formats.yaml_tree import MAX_BYTES, yaml_trees

# The registry stands before the name where it is not the usual one. The peers of version 5 follow
# "_" (no version has one), those of 6 and 9 stand in brackets.
_OLD = re.compile(r"[^/@]*+/((?:@[^/]++/)?+[^/@]++)/([^/_(]++)(?:_.*)?", re.DOTALL)
_DEPENDENCIES = ("dependencies", "optionalDependencies")


def parse_lock(file: FileView, trees: list[object]) -> Found:
    """Dependencies of the configuration stand in a document of their own, before the project's."""
    documents = [mapping(tree) for tree in trees]
    if not any("lockfileVersion" in top for top in documents):
        yield file.unreadable('has no "lockfileVersion"')
        return
    locked = (one for top in documents for one in _of_document(top))
    # A version that was resolved with different peers has several keys.
    yield from each_once(file, (one.record(file, PNPM_LOCK.name) for one in locked if one))


def _of_document(top: dict[str, object]) -> Iterator[LockedNpm | None]:
    needs = _needs(mapping(top.get("snapshots")))
    for key, value in mapping(top.get("packages")).items():
        yield _locked(key, mapping(value), needs.get(key, ()))


def _locked(key: str, entry: dict[str, object], needs: tuple[str, ...]) -> LockedNpm | None:
    """The package; None where it is a folder of the project, or an archive in it."""
    resolution = mapping(entry.get("resolution"))
    name, version = _named(key)
    if is_local(version) or key.removeprefix("/").startswith("file:") or "directory" in resolution:
        return None
    address = word(resolution.get("tarball"))
    if repo := word(resolution.get("repo")):
        address = f"git+{repo}#{word(resolution.get('commit'))}"
    return LockedNpm(
        word(entry.get("name")) or name,
        # What comes from elsewhere says its version.
        word(entry.get("version")) or ("" if ":" in version else version),
        address=address,
        integrity=word(resolution.get("integrity")),
        needs=(*needs, *needed(entry, *_DEPENDENCIES)),
    )


def _named(key: str) -> tuple[str, str]:
    if old := _OLD.fullmatch(key):
        return old[1], old[2]
    name, version = split_reference(key.removeprefix("/"))
    return name, version.partition("(")[0]


def _needs(snapshots: dict[str, object]) -> dict[str, tuple[str, ...]]:
    """What version 9 tells apart from the packages: for each, what it needs with any peers."""
    found: dict[str, dict[str, None]] = {}
    for key, value in snapshots.items():
        names = dict.fromkeys(needed(mapping(value), *_DEPENDENCIES))
        found.setdefault(key.partition("(")[0], {}).update(names)
    return {key: tuple(names) for key, names in found.items()}


PNPM_LOCK = Cataloger(
    name="pnpm-lock",
    version=1,
    wants=("*/pnpm-lock.yaml",),
    max_bytes=MAX_BYTES,
    parse=from_tree(yaml_trees, parse_lock),
    database=False,
    outside=NODE_PACKAGES,
)
