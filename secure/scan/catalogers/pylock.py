"""Python packages that a pylock.toml asks for, the lock file of all installers.

Source: PyPA specifications, "pylock.toml" (PEP 751).
"""

from __future__ import annotations

from secure.oci.limits import MIB
from secure.scan.cataloger import PYTHON_PACKAGES, Cataloger, FileView
from secure.scan.formats.checked import Found, each_once, from_tree
from secure.scan.formats.integrity import Hashes, from_pairs
from secure.scan.formats.python_names import Locked, from_git, from_index, from_url
from secure.scan.formats.tree import mapping, mappings, toml_tree, word


def parse_pylock(file: FileView, tree: dict[str, object]) -> Found:
    if "lock-version" not in tree:
        yield file.unreadable('has no "lock-version"')
        return
    found = (item for entry in mappings(tree.get("packages")) for item in _entry(file, entry))
    # A package is listed again for each environment that has it.
    yield from each_once(file, found)


def _entry(file: FileView, entry: dict[str, object]) -> Found:
    vcs, archive = mapping(entry.get("vcs")), mapping(entry.get("archive"))
    if "directory" in entry or "path" in vcs or "path" in archive:
        return  # of the project itself
    archives = [archive, mapping(entry.get("sdist")), *mappings(entry.get("wheels"))]
    commit = word(vcs.get("commit-id"))
    asked = Locked(
        word(entry.get("name")),
        word(entry.get("version")),
        commit=commit,
        hashes=_hashes(archives),
        needs=tuple(word(one.get("name")) for one in mappings(entry.get("dependencies"))),
        origin=from_git(word(vcs.get("url")), commit)
        or from_url(word(archive.get("url")))
        or from_index(word(entry.get("index"))),
    )
    yield asked.record(file, PYLOCK.name)


def _hashes(archives: list[dict[str, object]]) -> Hashes:
    pairs = (
        f"{kind}:{word(digits)}"
        for one in archives
        for kind, digits in mapping(one.get("hashes")).items()
    )
    return from_pairs(*pairs)


PYLOCK = Cataloger(
    name="pylock",
    version=1,
    wants=("*/pylock.toml", "*/pylock.*.toml"),
    max_bytes=4 * MIB,
    parse=from_tree(toml_tree, parse_pylock),
    database=False,
    outside=PYTHON_PACKAGES,
)
