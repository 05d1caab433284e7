"""OpenWrt and Yocto packages: the status file of opkg, a form of Debian's, and what
info/NAME.control and info/NAME.list add to it.

Source: opkg, libopkg/pkg_parse.c and pkg.c (states).
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import DEFAULT_LIMITS
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Detail, Record
from secure.scan.owned_files import OwnedFiles, owned_files
from secure.scan.paragraphs import fields, paragraphs

_FIELDS = frozenset(
    b"package version status architecture source maintainer depends pre-depends provides license "
    b"homepage essential".split()
)
# pkg.c: the states in which no file of the package is there.
_ABSENT = frozenset({b"not-installed", b"config-files"})


def parse_status(file: FileView) -> Iterator[Record | Detail | OwnedFiles | Unreadable]:
    if b"/info/" in file.name:
        if file.name.endswith(b".control"):
            yield from _control(fields(file.content, _FIELDS))
        elif file.name.endswith(b".list"):
            yield owned_files((name, b"") for name in file.content.split(b"\n"))
        return
    for number, paragraph in enumerate(paragraphs(file.content), start=1):
        found = fields(paragraph, _FIELDS)
        if found.get(b"status", b"").split()[-1:] in ([state] for state in _ABSENT):
            continue
        name, version = found.get(b"package", b""), found.get(b"version", b"")
        if not name or not version:
            yield file.unreadable(f"record {number} has no package name or no version")
            continue
        yield _record(file, found, text(name), text(version))


def _record(file: FileView, found: dict[bytes, bytes], name: str, version: str) -> Record:
    licence = text(found.get(b"license", b""))
    package = Package(
        type="opkg",
        name=name,
        version=version,
        location=file.location,
        found_by=OPKG.name,
        arch=text(found.get(b"architecture", b"")),
        # OpenWrt writes the path of its recipe here, Yocto the recipe's name.
        source=text(found.get(b"source", b"").rpartition(b"/")[2]) or name,
        licences=(licence,) if licence else (),
        maintainer=text(found.get(b"maintainer", b"")),
        homepage=text(found.get(b"homepage", b"")),
        essential=found.get(b"essential", b"").lower() == b"yes",
    )
    clauses = [*found.get(b"pre-depends", b"").split(b","), *found.get(b"depends", b"").split(b",")]
    needs = [tuple(_names(clause.split(b"|"))) for clause in clauses]
    provides = tuple(_names(found.get(b"provides", b"").split(b",")))
    return Record(package, tuple(filter(None, needs)), provides)


def _control(found: dict[bytes, bytes]) -> Iterator[Detail]:
    """info/NAME.control: the whole record, of which the status file keeps a part."""
    licence = text(found.get(b"license", b""))
    if name := text(found.get(b"package", b"")):
        yield Detail(
            "opkg",
            name,
            version=text(found.get(b"version", b"")),
            licences=(licence,) if licence else (),
            homepage=text(found.get(b"homepage", b"")),
            maintainer=text(found.get(b"maintainer", b"")),
        )


def _names(parts: list[bytes]) -> Iterator[str]:
    """Names without their version: "libc (= 1.2)", and without the "*" of a weak conflict."""
    for part in parts:
        if words := part.partition(b"(")[0].split():
            yield text(words[0].rstrip(b"*"))


OPKG = Cataloger(
    name="opkg-db",
    version=1,
    wants=(
        "usr/lib/opkg/status",
        "var/lib/opkg/status",
        "usr/lib/opkg/info/*",
        "var/lib/opkg/info/*",
    ),
    max_bytes=DEFAULT_LIMITS.database_bytes,
    parse=parse_status,
)
