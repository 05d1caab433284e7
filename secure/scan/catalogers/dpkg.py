"""Debian packages: /var/lib/dpkg/status, and status.d as distroless images have it.

Sources: dpkg(1) "package states", deb-control(5), deb822(5).
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import DEFAULT_LIMITS
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.dpkg_files import parse_md5sums
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles
from secure.scan.paragraphs import fields, paragraphs

_FIELDS = frozenset(
    b"package status version architecture source maintainer depends pre-depends provides essential "
    b"homepage".split()
)

# dpkg(1): files are unpacked from "half-installed" on; "config-files" and "not-installed" are gone.
_PRESENT = frozenset(
    b"installed half-installed half-configured unpacked triggers-awaited triggers-pending".split()
)
_BESIDE = tuple(
    b".md5sums .conffiles .list .preinst .postinst .prerm .postrm .triggers .templates".split()
)
_ABSENT = frozenset(b"not-installed config-files".split())


def parse_status(file: FileView) -> Iterator[Record | Unreadable | OwnedFiles]:
    # status.d/NAME.md5sums and the like are no records.
    if file.name.endswith(b".md5sums"):
        yield from parse_md5sums(file)
    if file.name.endswith(_BESIDE):
        return
    for number, paragraph in enumerate(paragraphs(file.content), start=1):
        found = fields(paragraph, _FIELDS)
        # distroless records have no Status: being there means installed.
        state = found.get(b"status", b"install ok installed").split()[-1:]
        if state and state[0] in _ABSENT:
            continue
        name, version = found.get(b"package", b""), found.get(b"version", b"")
        if not name or not version:
            yield file.unreadable(f"record {number} has no package name or no version")
            continue
        if not state or state[0] not in _PRESENT:
            yield file.unreadable(f'record {number} ("{text(name)}") has an unknown state')
        elif state[0] == b"half-installed":
            yield file.unreadable(f'"{text(name)}" is half-installed: its files are partly there')
        yield _record(file, found, name, version)


def _record(file: FileView, found: dict[bytes, bytes], name: bytes, version: bytes) -> Record:
    source, source_version = _source(found.get(b"source", b""), name, version)
    needs = [
        names
        for key in (b"pre-depends", b"depends")
        for clause in found.get(key, b"").split(b",")
        if (names := tuple(_names(clause, b"|")))
    ]
    package = Package(
        type="deb",
        name=text(name),
        version=text(version),
        location=file.location,
        found_by=DPKG.name,
        arch=text(found.get(b"architecture", b"")),
        source=text(source),
        source_version=text(source_version),
        maintainer=text(found.get(b"maintainer", b"")),
        homepage=text(found.get(b"homepage", b"")),
        essential=found.get(b"essential", b"").lower() == b"yes",
        qualifiers=(("upstream", _upstream(source, source_version, name, version)),),
    )
    return Record(package, tuple(needs), tuple(_names(found.get(b"provides", b""), b",")))


def _source(field: bytes, name: bytes, version: bytes) -> tuple[bytes, bytes]:
    """`Source: NAME (VERSION)`, either part missing where it equals the package's own."""
    source, _, rest = field.partition(b"(")
    return source.strip() or name, rest.rstrip(b") ").strip() or version


def _upstream(source: bytes, source_version: bytes, name: bytes, version: bytes) -> str:
    """The source package, as purls of this type tell it to those who match by it; "" if equal."""
    if source_version != version:
        return f"{text(source)}@{text(source_version)}"
    return text(source) if source != name else ""


def _names(clause: bytes, separator: bytes) -> Iterator[str]:
    """Package names without their version "(>= 1)", architecture ":any" and profile parts."""
    for part in clause.split(separator):
        words = part.split(b"(", 1)[0].split(b"[", 1)[0].split()
        if words:
            yield text(words[0].split(b":", 1)[0])


DPKG = Cataloger(
    name="dpkg-db",
    version=3,
    wants=("var/lib/dpkg/status", "var/lib/dpkg/status.d/*", "usr/lib/dpkg/status"),
    max_bytes=DEFAULT_LIMITS.database_bytes,
    parse=parse_status,
)
