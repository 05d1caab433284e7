"""The graph of a bill: which package of a name another one needs.

Facts name what is needed. An image may hold several versions of a name, each seen only from below
its own folder: Node looks through the node_modules above it, Python into the folder it lies in.
Where that tells none, nothing is told: a wrong edge is worse than a missing one.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.facts.package import Package

# Systems have one place for all; several versions of a name (kernels) stand in for each other.
_ONE_PLACE = frozenset({"deb", "apk", "rpm", "alpm"})
_MOST_LEVELS = 64  # of folders looked through upwards; made-up paths have two thousand
_MODULES = "node_modules/"


class _Named(msgspec.Struct, gc=False):
    """All packages of one name, each with its reference: the first, and those after it."""

    first: Package
    ref: str
    more: list[tuple[Package, str]] = []
    several: bool = False  # versions
    homes: dict[str, str] | None = None

    def add(self, package: Package, ref: str) -> None:
        """One more."""
        if package.type not in _ONE_PLACE:
            self.more.append((package, ref))
            self.several = self.several or package.version != self.first.version

    def seen_from(self, package: Package) -> str:
        """The reference of the one that `package` gets; "" where that is not known."""
        if not self.several:
            return self.ref
        if self.homes is None:
            self.homes = _homes([(self.first, self.ref), *self.more])
        for folder in _upwards(package.location.path):
            if folder in self.homes:
                return self.homes[folder]
        return ""


def _homes(packages: list[tuple[Package, str]]) -> dict[str, str]:
    """For each folder the reference of the package that is seen in it; "" of several versions."""
    found: dict[str, tuple[str, str]] = {}
    for package, ref in packages:
        home = _home(package)
        known = found.setdefault(home, (package.version, ref))
        if known[0] != package.version:
            found[home] = (package.version, "")
    return {home: ref for home, (_, ref) in found.items()}


def needs_of(packages: tuple[Package, ...], refs: list[str]) -> tuple[tuple[str, ...], ...]:
    """For each package the references that it needs, sorted: of its database, and its parts."""
    named: dict[tuple[str, str], _Named] = {}
    parts: dict[str, set[str]] = {}  # of what a package brought, by its purl
    for package, ref in zip(packages, refs, strict=True):
        name = (package.type, package.full_name)
        if name in named:
            named[name].add(package, ref)
        else:
            named[name] = _Named(package, ref)
        if package.owner:
            parts.setdefault(package.owner, set()).add(ref)
    found = []
    for package, own in zip(packages, refs, strict=True):
        needs = parts.get(package.purl, set())
        if package.depends:
            asked = [named.get((package.type, name)) for name in package.depends]
            needs = needs.union([one.seen_from(package) for one in asked if one])
        found.append(tuple(sorted(needs - {own, ""})) if needs else ())
    return tuple(found)


def _home(package: Package) -> str:
    """The folder from below which a package is seen; its file where that holds many packages."""
    path = package.location.path
    if package.declared:
        return path
    # One under an alias is not seen by its name.
    if package.type == "npm" and path.endswith(
        own := f"{_MODULES}{package.full_name}/package.json"
    ):
        return path.removesuffix(own).rstrip("/")
    if package.type == "pypi" and path.count("/") > 1:
        return path.rsplit("/", 2)[0]
    return path


def _upwards(path: str) -> Iterator[str]:
    for _ in range(_MOST_LEVELS):
        yield path
        if not path:
            return
        path = path.rpartition("/")[0]
