"""Dart and Flutter: pubspec.lock.

Source: dart-lang/pub, lib/src/lock_file.dart; sources "hosted", "git", "path" and "sdk".
"""

from __future__ import annotations

from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.repository import git_url, public
from secure.scan.formats.tree import mapping, word
from secure.scan.formats.yaml_tree import MAX_BYTES, yaml_tree

_USUAL = frozenset({"https://pub.dev", "https://pub.dartlang.org", ""})
# Of the project itself, and of the SDK (which gives all its parts version 0.0.0).
_NO_PACKAGE = frozenset({"path", "sdk"})


def parse_lock(file: FileView, tree: object) -> Found:
    packages = mapping(tree).get("packages")
    if packages is None:
        yield file.unreadable('has no "packages"')
    for name, value in mapping(packages).items():
        entry = mapping(value)
        described, source = mapping(entry.get("description")), word(entry.get("source"))
        if source in _NO_PACKAGE:
            continue
        url, digest = word(described.get("url")), word(described.get("sha256"))
        qualifier = ("repository_url", public(url))
        if source == "git":
            qualifier = ("vcs_url", f"{git_url(url)}@{word(described.get('resolved-ref'))}")
        package = Package(
            type="pub" if source == "hosted" else "generic",
            name=name,
            version=word(entry.get("version")),
            location=file.location,
            found_by=DART_LOCK.name,
            declared=True,
            hashes=from_pairs(f"sha256:{digest}"),
            qualifiers=() if url.rstrip("/") in _USUAL else (qualifier,),
        )
        yield checked(file, package)


DART_LOCK = Cataloger(
    name="dart-lock",
    version=3,
    wants=("*/pubspec.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(yaml_tree, parse_lock),
    database=False,
)
