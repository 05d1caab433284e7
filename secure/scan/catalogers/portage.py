"""Gentoo packages: /var/db/pkg/CATEGORY/NAME-VERSION/PF, and LICENSE, HOMEPAGE, CONTENTS there.

Sources: Package Manager Specification, 3.1.2 "Package names" and 3.2 "Version specifications";
portage(5), "/var/db/pkg". Each field is a file of its own, and PF the one that every package has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Detail, Record
from secure.scan.owned_files import OwnedFiles, owned_files

_FIELDS = ("PF", "LICENSE", "HOMEPAGE", "CONTENTS")
_VERSION = re.compile(
    r"-(\d{1,99}(?:\.\d{1,99}){0,40}[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d{0,99}){0,9}(?:-r\d{1,99})?)$",
    re.ASCII,
)


def parse_field(file: FileView) -> Iterator[Record | Detail | OwnedFiles | Unreadable]:
    if file.name.endswith(b"/CONTENTS"):
        yield owned_files(_contents(file.content), "md5")
        return
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


def _contents(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """ "obj PATH MD5 TIME", "sym PATH -> TARGET TIME"; directories are nobody's alone."""
    for line in content.split(b"\n"):
        kind, _, rest = line.partition(b" ")
        if kind == b"sym":
            yield rest.partition(b" -> ")[0], b""
        elif kind == b"obj" and len(parts := rest.rsplit(b" ", 2)) == 3:
            yield parts[0], _raw(parts[1])


def _raw(digest: bytes) -> bytes:
    try:
        return bytes.fromhex(digest.decode("ascii"))
    except ValueError:
        return b""


PORTAGE = Cataloger(
    name="portage-db",
    version=1,
    wants=tuple(f"var/db/pkg/*/*/{field}" for field in _FIELDS),
    max_bytes=32 * MIB,  # CONTENTS of kernel sources: 80,000 files
    parse=parse_field,
)
