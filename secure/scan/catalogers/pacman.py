"""Arch Linux packages: /var/lib/pacman/local/NAME-VERSION/desc, and the list of files beside it.

Source: libalpm, lib/libalpm/be_local.c: "%FIELD%" on a line of its own, its values on the lines
below, an empty line after them.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles, owned_files

_VERSION_MARKS = "<>=:"


def parse_entry(file: FileView) -> Iterator[Record | OwnedFiles | Unreadable]:
    found = _fields(file.content)
    if file.name.endswith(b"/files"):
        # %BACKUP%: "PATH<tab>MD5" of what pacman keeps when it was changed.
        config = (line.partition(b"\t")[0] for line in found.get(b"BACKUP", ()))
        names = (name for name in found.get(b"FILES", ()) if not name.endswith(b"/"))
        yield owned_files(((name, b"") for name in names), config=config)
        return
    name, version = _first(found, b"NAME"), _first(found, b"VERSION")
    if not name or not version:
        yield file.unreadable("it has no %NAME% or no %VERSION%")
        return
    base = _first(found, b"BASE") or name
    package = Package(
        type="alpm",
        name=name,
        version=version,
        location=file.location,
        found_by=PACMAN.name,
        arch=_first(found, b"ARCH"),
        source=base,
        source_version=version,
        licences=tuple(map(text, found.get(b"LICENSE", ()))),
        maintainer=_first(found, b"PACKAGER"),
        homepage=_first(found, b"URL"),
        automatic=_first(found, b"REASON") == "1",  # be_local.c: installed as a dependency
        qualifiers=(("upstream", base if base != name else ""),),
    )
    needs = tuple((_bare(text(value)),) for value in found.get(b"DEPENDS", ()))
    yield Record(package, needs, tuple(_bare(text(one)) for one in found.get(b"PROVIDES", ())))


def _fields(content: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    current: list[bytes] = []
    for line in content.split(b"\n"):
        line = line.strip()  # noqa: PLW2901
        if len(line) > 2 and line.startswith(b"%") and line.endswith(b"%"):
            current = found.setdefault(line[1:-1], [])
        elif line:
            current.append(line)
    return found


def _first(found: dict[bytes, list[bytes]], field: bytes) -> str:
    return text(next(iter(found.get(field, ())), b""))


def _bare(word: str) -> str:
    """A dependency without its version: "glibc>=2.38", "libcurl.so=4-64"."""
    end = min((at for mark in _VERSION_MARKS if (at := word.find(mark)) >= 0), default=len(word))
    return word[:end]


PACMAN = Cataloger(
    name="pacman-db",
    version=1,
    wants=("var/lib/pacman/local/*/desc", "var/lib/pacman/local/*/files"),
    max_bytes=32 * MIB,  # file lists of TeX and icon themes
    parse=parse_entry,
)
