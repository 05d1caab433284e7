"""Which Debian packages nobody asked for: /var/lib/apt/extended_states.

Source: apt, apt-pkg/depcache.cc; apt-mark(8).
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.oci.limits import DEFAULT_LIMITS
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Detail
from secure.scan.paragraphs import fields, paragraphs

_FIELDS = frozenset({b"package", b"architecture", b"auto-installed"})


def parse_states(file: FileView) -> Iterator[Detail | Unreadable]:
    for number, paragraph in enumerate(paragraphs(file.content), start=1):
        found = fields(paragraph, _FIELDS)
        if not found.get(b"package"):
            yield file.unreadable(f"record {number} has no package name")
        elif found.get(b"auto-installed") == b"1":
            name, arch = text(found[b"package"]), text(found.get(b"architecture", b""))
            yield Detail("deb", name, arch=arch, automatic=True)


APT_STATES = Cataloger(
    name="apt-states",
    version=1,
    wants=("var/lib/apt/extended_states",),
    max_bytes=DEFAULT_LIMITS.database_bytes,
    parse=parse_states,
    database=False,
)
