"""A package that an image contains."""

from __future__ import annotations

import msgspec

from secure.facts.location import Location


class Package(msgspec.Struct, frozen=True):
    """One installed package.

    Args:
        type: purl type: "deb", "apk", "pypi", …
        namespace: purl namespace, e.g. "debian"; "" where the type has none.
        source, source_version: the source package (dpkg `Source`, apk `o`), for matching.
        licences: as declared, not normalised.
        depends: names of packages of the same type that this one needs and that are installed.
        location: the database or metadata file that says so; its layer is the layer that brought
            this version.
        found_by: name of the cataloger.
        purl: package URL, see `secure.facts.purl`.
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
