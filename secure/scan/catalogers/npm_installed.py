"""Node packages as installed: the package.json of each folder in node_modules, and of projects.

Sources: npm documentation, "package.json", "folders"; Debian keeps them in usr/share/nodejs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.integrity import from_integrity
from secure.scan.formats.npm import needed, split_scope
from secure.scan.formats.tree import json_tree, listed, mapping, word
from secure.scan.layer_facts import Record

_DEBIAN = ["usr", "share", "nodejs"]
# Where packages keep trees of made-up packages for their own tests.
_TESTS = frozenset({"test", "tests", "__tests__", "fixture", "fixtures", "__fixtures__", "spec"})


def parse_package(file: FileView) -> Found:
    folders = text(file.name).split("/")[:-1]
    around = folders[: -2 if folders[-2:-1] and folders[-2].startswith("@") else -1]
    if around[-1:] == ["node_modules"] or around == _DEBIAN:
        if not folders[-1].startswith(".") and not _made_up(around):  # ".cache" is a tool's
            yield from _installed(file)
    elif "node_modules" not in folders and folders[:3] != _DEBIAN and not _made_up(folders):
        yield from _project(file)
    # A package.json deeper inside a package only tells Node how to load that folder.


def _made_up(folders: list[str]) -> bool:
    """Whether they lead into the tests of a package; one may be called "test" itself."""
    return any(
        folder in _TESTS and above != "node_modules" and not above.startswith("@")
        for above, folder in pairwise(("", *folders))
    )


def _read_installed(file: FileView, tree: object) -> Found:
    yield _record(file, mapping(tree))


def _read_project(file: FileView, tree: object) -> Found:
    """What can be published is a package, wherever it lies (Yarn in the images of Node)."""
    top = mapping(tree)
    is_npm = top.get("private") is not True and "vscode" not in mapping(top.get("engines"))
    if is_npm and word(top.get("name")) and word(top.get("version")):
        yield _record(file, top)


def _record(file: FileView, top: dict[str, object]) -> Record | Unreadable:
    scope, name = split_scope(word(top.get("name")))
    package = Package(
        type="npm",
        namespace=scope,
        name=name,
        version=word(top.get("version")).removeprefix("v"),
        location=file.location,
        found_by=NPM_INSTALLED.name,
        licences=tuple(dict.fromkeys(_licences(top))),
        maintainer=_person(top.get("author")),
        homepage=word(top.get("homepage")),
        hashes=from_integrity(word(top.get("_integrity"))),  # npm up to 6 wrote it there
    )
    needs = needed(top, "dependencies", "optionalDependencies")
    return checked(file, package, tuple((need,) for need in needs))


def _licences(top: dict[str, object]) -> Iterator[str]:
    """Today's text, and the objects and lists of npm 1."""
    for one in [top.get("license"), *listed(top.get("license")), *listed(top.get("licenses"))]:
        if licence := word(one) or word(mapping(one).get("type")):
            yield licence


def _person(author: object) -> str:
    if not isinstance(author, dict):
        return word(author)
    address = word(author.get("email"))
    return f"{word(author.get('name'))} <{address}>" if address else word(author.get("name"))


_installed = from_tree(json_tree, _read_installed)
_project = from_tree(json_tree, _read_project)

NPM_INSTALLED = Cataloger(
    name="npm-installed",
    version=1,
    wants=("*/package.json",),
    max_bytes=1 * MIB,  # the largest of 20,000 seen has 0.1
    parse=parse_package,
    database=False,
)
