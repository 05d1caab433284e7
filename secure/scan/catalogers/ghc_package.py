"""Haskell libraries as GHC has them registered: package.conf.d/*.conf.

Source: GHC User's Guide, "InstalledPackageInfo: a package specification".
"""

from __future__ import annotations

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.paragraphs import fields

_FIELDS = frozenset(b"name version license maintainer homepage".split())


def parse_registered(file: FileView) -> Found:
    found = {key: text(value) for key, value in fields(file.content, _FIELDS).items()}
    licence = found.get(b"license", "")
    package = Package(
        type="hackage",
        name=found.get(b"name", ""),
        version=found.get(b"version", ""),
        location=file.location,
        found_by=GHC_PACKAGE.name,
        licences=(licence,) if licence else (),
        maintainer=found.get(b"maintainer", ""),
        homepage=found.get(b"homepage", ""),
    )
    yield checked(file, package)


GHC_PACKAGE = Cataloger(
    name="ghc-package",
    version=1,
    wants=("*/package.conf.d/*.conf",),
    max_bytes=1 * MIB,
    parse=parse_registered,
    database=False,
)
