"""Files that dpkg puts elsewhere than their packages say: /var/lib/dpkg/diversions.

Sources: dpkg-divert(1); dpkg, lib/dpkg/db-ctrl-diversion.c and divertdb.c: three lines for each:
the name, where it goes to, and the package whose own file stays in its place; ":" is none's.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.owned_files import OwnedFiles, owned_files

DIVERSIONS = b"var/lib/dpkg/diversions"
_LINES = 3


def parse_diversions(file: FileView) -> Iterator[Unreadable | OwnedFiles]:
    """The three of each diversion in turn, as names of `OwnedFiles`."""
    lines = file.content.removesuffix(b"\n").split(b"\n") if file.content else []
    whole = len(lines) - len(lines) % _LINES
    if whole != len(lines) or not all(line.strip(b"/\0") for line in lines):
        yield file.unreadable("a diversion is not three lines: name, other name, package")
        return
    yield owned_files((line, b"") for line in lines)


def diverted(files: OwnedFiles, package: bytes, told: OwnedFiles | None) -> OwnedFiles:
    """`files` of a package under the names that they have where they lie.

    Args:
        told: what `parse_diversions` found; None without any.
    """
    lines = told.listed() if told else []
    places = {
        name: to
        for name, to, by in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
        if by != package
    }
    names = files.listed()
    if places.keys().isdisjoint(names):
        return files
    config = files.config.split(b"\0")
    return msgspec.structs.replace(
        files,
        names=b"\0".join(places.get(name, name) for name in names),
        config=b"\0".join(places.get(name, name) for name in config),
    )


DPKG_DIVERSIONS = Cataloger(
    name="dpkg-diversions",
    version=1,
    wants=(DIVERSIONS.decode(),),
    max_bytes=1 * MIB,
    parse=parse_diversions,
    database=False,
)
