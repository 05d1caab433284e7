"""R packages as installed: the DESCRIPTION file in each.

Source: R, "Writing R Extensions", "The DESCRIPTION file"; only installed packages have "Built".
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.paragraphs import fields

_FIELDS = frozenset(
    b"package version license maintainer url depends imports linkingto built repository".split()
)
_NAME = re.compile(r"\s*([A-Za-z][A-Za-z0-9.]{0,200})")


def parse_description(file: FileView) -> Found:
    found = {key: text(value) for key, value in fields(file.content, _FIELDS).items()}
    if b"package" not in found and b"built" not in found:
        return  # DESCRIPTION is a common name
    licence = found.get(b"license", "")
    package = Package(
        type="cran",
        name=found.get(b"package", ""),
        version=found.get(b"version", ""),
        location=file.location,
        found_by=R_PACKAGE.name,
        licences=(licence,) if licence else (),
        maintainer=found.get(b"maintainer", ""),
        homepage=re.split(r"[\s,]", found.get(b"url", ""), maxsplit=1)[0],
        declared=b"built" not in found,  # the source of a package
    )
    yield checked(file, package, _needs(found))


def _needs(found: dict[bytes, str]) -> tuple[tuple[str, ...], ...]:
    asked = ",".join(found.get(key, "") for key in (b"depends", b"imports", b"linkingto"))
    names = (match[1] for part in asked.split(",") if (match := _NAME.match(part)))
    return tuple((name,) for name in names if name != "R")


R_PACKAGE = Cataloger(
    name="r-package",
    version=1,
    wants=("*/DESCRIPTION",),
    max_bytes=1 * MIB,
    parse=parse_description,
    database=False,
)
