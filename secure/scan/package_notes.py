"""Packages that programs were built for, by the notes that linkers of Fedora, Debian and more add.

Where the package's database is in the image, it has said so already, and better. The note speaks
where nobody else does: of libraries inside wheels, and of programs copied from another image.

Source: UAPI group, "Package Metadata for Executable Files" (`.note.package`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from secure.facts.executable import ExecutableFact, PackageNote
from secure.facts.files import OsRelease
from secure.facts.location import Location
from secure.facts.package import Package
from secure.scan.formats.elf import Elf
from secure.scan.formats.pieces import FormatError
from secure.scan.formats.tree import named
from secure.scan.layer_facts import Record
from secure.scan.packages import described, in_order

FOUND_BY = "elf-note"
_TYPE = re.compile(r"[a-z][a-z0-9.+-]{0,31}", re.ASCII)
_CPE_OS = re.compile(r"cpe:(?:/|2\.3:)o:[^:]*:(?P<os>[^:]*)(?::(?P<version>[^:]*))?")
_CPE = "cpe:2.3:a:"


class _Written(msgspec.Struct, rename="camel"):
    type: str
    name: str
    version: str
    architecture: str = ""
    os: str = ""
    os_version: str = ""
    os_cpe: str = ""
    app_cpe: str = ""


def package_note(elf: Elf) -> PackageNote | None:
    """What the note of a program says; None without one.

    Raises:
        FormatError: the note is not what its specification demands.
    """
    raw = elf.package_note()
    if raw is None:
        return None
    try:
        told = msgspec.json.decode(raw.rstrip(b"\0"), type=_Written)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as cause:
        raise FormatError("has a package note that is not what its format demands") from cause
    kind = told.type.lower()
    if not _TYPE.fullmatch(kind) or not named(told.name, told.version):
        raise FormatError("has a package note without a type, a name or a version")
    by_cpe = _CPE_OS.match(told.os_cpe)
    return PackageNote(
        type=kind,
        name=told.name,
        version=told.version,
        os=(told.os or (by_cpe["os"] if by_cpe else "")).lower(),
        os_version=told.os_version or ((by_cpe["version"] or "") if by_cpe else ""),
        arch=told.architecture,
        cpe=told.app_cpe if told.app_cpe.startswith(_CPE) else "",
    )


def noted(
    packages: Sequence[Package],
    executables: Iterable[ExecutableFact],
    base_layers: int | None = None,
) -> tuple[Package, ...]:
    """`packages` with those that only the notes of programs tell of, each once, in order.

    Args:
        base_layers: how many layers are the base image's, where that is known.
    """
    places: dict[PackageNote, list[Location]] = {}
    for one in executables:
        if one.note is not None and not one.owned:
            places.setdefault(one.note, []).append(one.location)
    known = _known(packages) if places else frozenset()
    found: list[Package] = []
    for note, locations in places.items():
        if (note.type, note.name, note.version) not in known:
            found += described([_record(note, sorted(locations))], _release(note), base_layers)
    return in_order((*packages, *found)) if found else tuple(packages)


def _known(packages: Sequence[Package]) -> frozenset[tuple[str, str, str]]:
    """Type, name and version of all, and of what they were built from: a note names the source."""
    own = {(one.type, one.name, one.version) for one in packages}
    sources = {
        (one.type, one.source, one.source_version or one.version) for one in packages if one.source
    }
    return frozenset(own | sources)


def _record(note: PackageNote, places: list[Location]) -> Record:
    return Record(
        Package(
            type=note.type,
            name=note.name,
            version=note.version,
            arch=note.arch,
            location=places[0],
            also_at=tuple(places[1:]),
            found_by=FOUND_BY,
            cpe=note.cpe,
        )
    )


def _release(note: PackageNote) -> OsRelease | None:
    """The program's own distribution, which need not be the image's."""
    return OsRelease(id=note.os, version_id=note.os_version) if note.os else None
