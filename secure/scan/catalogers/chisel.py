"""Ubuntu images made by chisel: slices of packages, without dpkg's database.

A manifest is a zstd stream of lines of JSON: a head, then packages, slices, paths and which slice
brought which path.

Source: canonical/chisel, "manifest" (jsonwall 1.0, schema 1.0); var/lib/chisel/manifest.wall is
where the slice base-files_chisel puts it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import zstandard

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.formats.tree import shown
from secure.scan.layer_facts import Record
from secure.scan.owned_files import owned_files

_MOST_BYTES = 32 * MIB  # unpacked; a large image has 2
_WINDOW = 8 * MIB
# Ubuntu's advisories are by source package: openssl, not libssl3t64.
_NO_SOURCES = (
    "chisel names no source packages, so what is known of the vulnerabilities of a package whose "
    "source has another name is not found"
)


class _Line(msgspec.Struct):
    """One line of any kind; only what is read of it.

    Args:
        slices: of a path: "libc6_libs" is a slice of libc6.
        final_sha256: of a path that a script of its slice changed.
    """

    jsonwall: str = ""
    kind: str = ""
    name: str = ""
    version: str = ""
    arch: str = ""
    sha256: str = ""
    path: str = ""
    slices: list[str] = []
    final_sha256: str = ""


_NOTHING = _Line()


def parse_manifest(file: FileView) -> Found:
    owned: dict[str, list[tuple[bytes, bytes]]] = {}
    packages: list[_Line] = []
    try:
        lines = _lines(file.content)
        if not next(lines, _NOTHING).jsonwall:
            yield file.unreadable("is no manifest of chisel")
            return
        for line in lines:
            if line.kind == "path" and line.slices and not line.path.endswith("/"):
                digest = _raw(line.final_sha256 or line.sha256)
                name = line.path.encode("utf-8", "replace")
                owned.setdefault(line.slices[0].rpartition("_")[0], []).append((name, digest))
            elif line.kind == "package":
                packages.append(line)
    except zstandard.ZstdError as cause:
        yield file.unreadable(f"is no zstd stream: {shown(cause)}")
        return
    except (msgspec.MsgspecError, RecursionError) as cause:
        yield file.unreadable(f"is no manifest of chisel: {shown(cause)}")
        return
    for line in packages:
        # Once: a name that a thousand lines say would own everything a thousand times.
        yield _record(file, line, owned.pop(line.name, []))
    # Said of a part: the database itself was read, and the facts are complete.
    yield Unreadable(f"{text(file.name)}!/source", 0, _NO_SOURCES)


def _lines(content: bytes) -> Iterator[_Line]:
    """One by one: millions of empty ones at once would take gigabytes."""
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(content)
    plain = reader.read(_MOST_BYTES + 1)
    if len(plain) > _MOST_BYTES:
        raise zstandard.ZstdError(f"over {_MOST_BYTES} bytes unpacked")
    decode, start = msgspec.json.Decoder(_Line).decode, 0
    while start < len(plain):
        end = plain.find(b"\n", start)
        end = end if end >= 0 else len(plain)
        if line := plain[start:end].strip():
            yield decode(line)
        start = end + 1


def _record(file: FileView, line: _Line, files: list[tuple[bytes, bytes]]) -> Record | Unreadable:
    package = Package(
        type="deb",
        name=line.name,
        version=line.version,
        location=file.location,
        found_by=CHISEL.name,
        arch=line.arch,
        source=line.name,
        source_version=line.version,
        hashes=(("sha256", line.sha256),) if _raw(line.sha256) else (),
    )
    found = checked(file, package)
    if isinstance(found, Record):
        found = msgspec.structs.replace(found, files=owned_files(files, "sha256"))
    return found


def _raw(digits: str) -> bytes:
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return b""
    return raw if len(raw) == 32 else b""


CHISEL = Cataloger(
    name="chisel",
    version=1,
    wants=("var/lib/chisel/manifest.wall",),
    max_bytes=16 * MIB,
    parse=parse_manifest,
)
