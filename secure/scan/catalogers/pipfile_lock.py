"""Python packages that a Pipfile.lock asks for.

Source: pypa/pipfile, "Pipfile.lock"; sections "default", "develop", and named categories.
"""

from __future__ import annotations

from secure.scan.cataloger import PYTHON_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.python_names import Locked, Origin, from_git, from_index, from_url
from secure.scan.formats.tree import MAX_BYTES, json_tree, listed, mapping, mappings, word


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    meta = mapping(top.get("_meta"))
    if not meta:
        yield file.unreadable('has no "_meta"')
        return
    indexes = {word(one.get("name")): word(one.get("url")) for one in mappings(meta.get("sources"))}
    found = (
        item
        for section, packages in top.items()
        if section != "_meta"
        for name, value in mapping(packages).items()
        for item in _entry(file, name, mapping(value), indexes)
    )
    # What two sections ask for is locked in each.
    yield from each_once(file, found)


def _entry(file: FileView, name: str, entry: dict[str, object], indexes: dict[str, str]) -> Found:
    address, archive = word(entry.get("git")), word(entry.get("file"))
    if "path" in entry or (archive and "://" not in archive):
        return  # of the project itself
    commit = word(entry.get("ref"))
    origin: Origin = from_git(address, commit) or from_url(archive)
    asked = Locked(
        name,
        word(entry.get("version")).lstrip("="),
        commit=commit,
        hashes=from_pairs(*map(word, listed(entry.get("hashes")))),
        origin=origin or from_index(indexes.get(word(entry.get("index")), "")),
    )
    yield asked.record(file, PIPFILE_LOCK.name)


PIPFILE_LOCK = Cataloger(
    name="pipfile-lock",
    version=1,
    wants=("*/Pipfile.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_lock),
    database=False,
    outside=PYTHON_PACKAGES,
)
