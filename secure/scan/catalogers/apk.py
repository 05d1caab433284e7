"""Alpine, Wolfi and Chainguard packages: the apk database of installed packages.

Source: apk-tools 2, apk_db_write_fdb; a record has one-letter fields and a blank line after it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import DEFAULT_LIMITS
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles, owned_files
from secure.scan.paragraphs import paragraphs

_FIELDS = frozenset(b"PVAoLmDpU")
_SHA1 = b"Q1"  # apk_blob_push_csum: the rest is base64; without it 32 hex digits of MD5
_CONFIG = b"etc/"  # apk keeps changes below it (apk-protected_paths(5))


def parse_installed(file: FileView) -> Iterator[Record | Unreadable]:
    for number, paragraph in enumerate(paragraphs(file.content), start=1):
        found = _fields(paragraph)
        name, version = found.get(b"P", b""), found.get(b"V", b"")
        if not name or not version:
            yield file.unreadable(f"record {number} has no name or no version")
            continue
        origin = found.get(b"o", b"") or name
        package = Package(
            type="apk",
            name=text(name),
            version=text(version),
            location=file.location,
            found_by=APK.name,
            arch=text(found.get(b"A", b"")),
            source=text(origin),
            source_version=text(version),
            licences=(text(found[b"L"]),) if found.get(b"L") else (),
            maintainer=text(found.get(b"m", b"")),
            homepage=text(found.get(b"U", b"")),
            qualifiers=(("upstream", text(origin) if origin != name else ""),),
        )
        # "!name" is a conflict; it needs nothing.
        needs = tuple((_bare(word),) for word in found.get(b"D", b"").split() if word[:1] != b"!")
        provides = tuple(_bare(word) for word in found.get(b"p", b"").split())
        yield Record(package, needs, provides, _owned(paragraph))


def _fields(paragraph: bytes) -> dict[bytes, bytes]:
    """One-letter fields, up to the file list: its lines (F: R: a: Z:) are most of a database."""
    found: dict[bytes, bytes] = {}
    for line in paragraph.split(b"\n"):
        if line[1:2] != b":" or line[0] not in _FIELDS:
            continue
        # Letters are case-sensitive: P is the name, p what it provides.
        found.setdefault(line[:1], line[2:].strip())
    return found


def _owned(paragraph: bytes) -> OwnedFiles:
    """F: is a directory, R: a file in it, Z: the digest of the file before it (of a link: of its
    target)."""
    pairs: list[tuple[bytes, bytes]] = []
    folder = b""
    for line in paragraph.split(b"\n"):
        kind, rest = line[:2], line[2:].strip()
        if kind == b"F:":
            folder = rest + b"/" if rest else b""
        elif kind == b"R:":
            pairs.append((folder + rest, b""))
        elif kind == b"Z:" and pairs and not pairs[-1][1]:
            pairs[-1] = (pairs[-1][0], _sha1(rest))
    config = (name for name, _ in pairs if name.startswith(_CONFIG))
    return owned_files(pairs, "sha1", config)


def _sha1(checksum: bytes) -> bytes:
    try:
        return base64.b64decode(checksum[2:], validate=True) if checksum[:2] == _SHA1 else b""
    except ValueError:
        return b""


def _bare(word: bytes) -> str:
    """A dependency without its version: "so:libc.so=1", "musl>=1.2", "cmd:ls"."""
    end = min((at for mark in b"<>=~@" if (at := word.find(mark)) >= 0), default=len(word))
    return text(word[:end])


APK = Cataloger(
    name="apk-db",
    version=2,
    wants=("lib/apk/db/installed", "usr/lib/apk/db/installed"),
    max_bytes=DEFAULT_LIMITS.database_bytes,
    parse=parse_installed,
)
