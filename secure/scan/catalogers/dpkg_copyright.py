"""Licences of Debian packages: /usr/share/doc/NAME/copyright.

Source: Debian policy, "Machine-readable debian/copyright file" 1.0. A file in free words gives only
the licences that it refers to by the name of their text in /usr/share/common-licenses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.location import text
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Detail
from secure.scan.licence_names import spdx_identifiers

_FORMAT = re.compile(rb"\s*Format(?:-Specification)?:", re.IGNORECASE)
_LICENCE = re.compile(rb"^License:[ \t]*(\S[^\n]{0,200})", re.IGNORECASE | re.MULTILINE)
# Names of texts that say one thing. "GPL-2" there does not say whether later versions do as well.
_REFERENCE = re.compile(rb"/usr/share/common-licenses/(Apache-2\.0|CC0-1\.0|MPL-1\.1|MPL-2\.0)\b")


def parse_copyright(file: FileView) -> Iterator[Detail]:
    pattern = _LICENCE if _FORMAT.match(file.content) else _REFERENCE
    names = set(pattern.findall(file.content))
    found = {licence for name in names for licence in spdx_identifiers(text(name))}
    package = text(file.name).split("/")[-2:-1]
    if found and package:
        yield Detail("deb", package[0], licences_found=tuple(sorted(found)))


DPKG_COPYRIGHT = Cataloger(
    name="dpkg-copyright",
    version=1,
    wants=("usr/share/doc/*/copyright",),
    max_bytes=8 * MIB,  # the largest of Debian, of the Chromium browser, has 1 MB
    parse=parse_copyright,
    database=False,
)
