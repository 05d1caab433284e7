"""Gentoo packages: /var/db/pkg/CATEGORY/NAME-VERSION/PF, and the files LICENSE and HOMEPAGE there.

Sources: Package Manager Specification, 3.1.2 "Package names" and 3.2 "Version specifications";
portage(5), "/var/db/pkg". Each field is a file of its own, and PF the one that every package has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import KIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Detail, Record

_VERSION = re.compile(
    r"-(\d{1,99}(?:\.\d{1,99}){0,40}[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d{0,99}){0,9}(?:-r\d{1,99})?)$",
    re.ASCII,
)


def parse_field(file: FileView) -> Iterator[Record | Detail | Unreadable]:
    category, full, field = (["", "", *text(file.name).split("/")])[-3:]
    match = _VERSION.search(full)
    if match is None or not match.start() or not category:
        yield file.unreadable(f'"{full[:200]}" is no name and version in a category')
        return
    name, version, value = full[: match.start()], match[1], text(b" ".join(file.content.split()))
    if field == "PF":
        yield Record(
            Package(
                type="portage",
                name=name,
                namespace=category,
                version=version,
                location=file.location,
                found_by=PORTAGE.name,
            )
        )
    elif value and field == "LICENSE":
        yield Detail("portage", name, category, version=version, licences=(value,))
    elif value:
        homepage = value.partition(" ")[0]
        yield Detail("portage", name, category, version=version, homepage=homepage)


PORTAGE = Cataloger(
    name="portage-db",
    version=1,
    wants=tuple(f"var/db/pkg/*/*/{field}" for field in ("PF", "LICENSE", "HOMEPAGE")),
    max_bytes=64 * KIB,
    parse=parse_field,
)
