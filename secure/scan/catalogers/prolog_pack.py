"""SWI-Prolog packs: pack.pl in each.

Source: SWI-Prolog manual, "Packs: community add-ons": facts name(Atom), version('1.2.3'), …
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked

_FACT = re.compile(
    r"""(?m)^(name|version|home|author)\(\s*(?:'([^'\n]{1,300})'|"([^"\n]{1,300})"|([\w.]{1,300}))"""
)


def parse_pack(file: FileView) -> Found:
    found: dict[str, str] = {}
    for fact in _FACT.finditer(text(file.content)):
        found.setdefault(fact[1], fact[2] or fact[3] or fact[4])
    package = Package(
        type="swiplpack",
        name=found.get("name", ""),
        version=found.get("version", "").rstrip("."),
        location=file.location,
        found_by=PROLOG_PACK.name,
        homepage=found.get("home", ""),
        maintainer=found.get("author", ""),
    )
    yield checked(file, package)


PROLOG_PACK = Cataloger(
    name="prolog-pack",
    version=1,
    wants=("*/pack.pl",),
    max_bytes=1 * MIB,
    parse=parse_pack,
    database=False,
)
