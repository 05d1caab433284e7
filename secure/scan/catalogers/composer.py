"""PHP packages: vendor/composer/installed.json as installed, composer.lock as asked for.

Source: composer/composer, src/Composer/Repository/FilesystemRepository.php and
src/Composer/Package/Locker.php. Composer 1 wrote installed.json as a bare list.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, from_tree
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.repository import git_url
from secure.scan.formats.tree import MAX_BYTES, json_tree, listed, mapping, mappings, shown, word
from secure.scan.layer_facts import Record


def parse_installed(file: FileView, tree: object) -> Found:
    packages = tree if isinstance(tree, list) else mapping(tree).get("packages")
    if packages is None:
        yield file.unreadable('has no "packages"')
    for entry in mappings(packages):
        yield _record(file, COMPOSER_INSTALLED.name, entry, declared=False)


def parse_lock(file: FileView, tree: object) -> Found:
    top = mapping(tree)
    if "packages" not in top:
        yield file.unreadable('has no "packages"')
    for entry in (*mappings(top.get("packages")), *mappings(top.get("packages-dev"))):
        yield _record(file, COMPOSER_LOCK.name, entry, declared=True)


def _record(
    file: FileView, by: str, entry: dict[str, object], *, declared: bool
) -> Record | Unreadable:
    full = word(entry.get("name")).lower()
    vendor, _, name = full.rpartition("/")
    version, licence = word(entry.get("version")), entry.get("license")
    package = Package(
        type="composer",
        namespace=vendor,
        name=name,
        version=version,
        location=file.location,
        found_by=by,
        licences=tuple(filter(None, map(word, listed(licence) or [licence]))),
        homepage=word(entry.get("homepage")),
        declared=declared,
        hashes=from_pairs(f"sha1:{word(mapping(entry.get('dist')).get('shasum'))}"),
        qualifiers=tuple(_commit(version, mapping(entry.get("source")))),
    )
    if name and not vendor:
        return file.unreadable(f'"{shown(ValueError(full))}" has no vendor')
    found = checked(file, package, tuple((need.lower(),) for need in mapping(entry.get("require"))))
    if isinstance(found, Unreadable):
        return found
    others = [*mapping(entry.get("provide")), *mapping(entry.get("replace"))]
    return Record(found.package, found.needs, tuple(other.lower() for other in others))


def _commit(version: str, source: dict[str, object]) -> Iterator[tuple[str, str]]:
    """Of a branch ("dev-main", "2.x-dev") only the commit says what it is."""
    url, commit = word(source.get("url")), word(source.get("reference"))
    if "dev" in version and url and commit and source.get("type") == "git":
        yield "vcs_url", f"{git_url(url)}@{commit}"


COMPOSER_INSTALLED = Cataloger(
    name="composer-installed",
    version=2,
    wants=("*/composer/installed.json",),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_installed),
    database=False,
)
COMPOSER_LOCK = Cataloger(
    name="composer-lock",
    version=2,
    wants=("*/composer.lock",),
    max_bytes=MAX_BYTES,
    parse=from_tree(json_tree, parse_lock),
    database=False,
    outside=(b"vendor",),
)
