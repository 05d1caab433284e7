"""A package that an image contains."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.location import Location

_TWO_PARTS = frozenset({"npm", "composer"})  # types whose dependencies are named with namespaces


# gc=False, as for other facts of which an image has thousands: they cannot make a cycle, and the
# collector would take an eighth of the time in which layers are joined.
class Package(msgspec.Struct, frozen=True, gc=False):
    """One installed package.

    Args:
        type: purl type: "deb", "apk", "pypi", …
        namespace: purl namespace, e.g. "debian"; "" where the type has none.
        source, source_version: the source package (dpkg `Source`, apk `o`), for matching.
        licences: as declared, not normalised.
        depends: full names of packages of the same type that this one needs and that are installed.
        location: the database or metadata file that says so; its layer is the layer that brought
            this version.
        found_by: name of the cataloger.
        purl: package URL, see `secure.facts.purl`.
        also_at: further places that tell of it, where it is declared: lock files.
        declared: True where a lock file or manifest asks for it and nothing says it is installed.
        epoch, modularity: of an rpm package; they are no part of `version`.
        automatic: installed because another package needed it (apt's and pacman's mark), not
            because somebody asked for it.
        essential: the distribution says that no system works without it (dpkg `Essential`).
        licences_found: read from licence texts or copyright files, as SPDX identifiers.
        hashes: (algorithm, hex) of the package itself where its database or lock file has them;
            algorithms are spelled "sha256", without "-" and "_". Several of one algorithm are of
            the archives any of which may be the one (pip's locks list all of a version). "h1" is
            Go's: the SHA-256 of a list of the SHA-256 of a module's files.
        qualifiers: further purl qualifiers, (key, value).
        owner: purl of the distribution package that brought the file this one was read from; "".
        cpe: CPE 2.3 name, where the package is known by one; "".
        from_base: whether a base image layer brought it; None where the boundary is not known.
    """

    type: str
    name: str
    version: str
    location: Location
    found_by: str
    purl: str = ""
    namespace: str = ""
    arch: str = ""
    source: str = ""
    source_version: str = ""
    licences: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    maintainer: str = ""
    homepage: str = ""
    declared: bool = False
    epoch: str = ""
    modularity: str = ""
    essential: bool = False
    automatic: bool = False
    licences_found: tuple[str, ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    qualifiers: tuple[tuple[str, str], ...] = ()
    owner: str = ""
    from_base: bool | None = None
    cpe: str = ""
    also_at: tuple[Location, ...] = ()

    @property
    def full_name(self) -> str:
        """The name that others need it by: "@types/node" is not "node"."""
        if self.namespace and self.type in _TWO_PARTS:
            return f"{self.namespace}/{self.name}"
        return self.name


def counted_once(packages: Iterable[Package]) -> int:
    """How many there are without those that another brought: Debian's python3-yaml holds PyYAML."""
    return sum(1 for package in packages if not package.owner)
