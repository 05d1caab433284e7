"""Packages of Fedora, RHEL, SUSE, Amazon Linux, Azure Linux …: the rpm database in its three forms.

Sources: rpm, docs/manual/tags.md, dependencies.md; the files of the forms in `secure.scan.formats`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats import bdb, ndb, rpm_header, sqlite
from secure.scan.formats.pieces import FormatError
from secure.scan.formats.rpm_header import Header
from secure.scan.layer_facts import Record
from secure.scan.owned_files import OwnedFiles, owned_files

# /usr/lib/sysimage since Fedora 36 and in SUSE; /usr/share/rpm on rpm-ostree systems.
_FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
_NAMES = ("rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages.db", "Packages")
_RPMLIB = 1 << 24  # RPMSENSE_RPMLIB: asks for a feature of rpm, not for a package
_CONFIG, _GHOST = 1 << 0, 1 << 6  # RPMFILE_CONFIG; RPMFILE_GHOST: owned, but not in the package
_MD5 = 1  # PGPHASHALGO_MD5: of packages without the tag
_DIGESTS = {_MD5: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}  # RFC 4880, 9.4
_SOURCE_ENDS = (".src.rpm", ".nosrc.rpm")


def parse_database(file: FileView) -> Iterator[Record | Unreadable]:
    if file.name.endswith(b"-wal"):
        yield from _left_behind(file)
        return
    headers = _reader(file.content)
    if headers is None:
        yield file.unreadable("it is neither an SQLite, nor an ndb, nor a Berkeley DB rpm database")
        return
    try:
        asked = _asked_files(headers(file.content))
        for number, found in enumerate(headers(file.content), start=1):
            try:
                yield _record(file, _header(found), asked)
            except FormatError as wrong:
                yield file.unreadable(f"record {number}: {wrong}")
    except FormatError as wrong:
        yield file.unreadable(str(wrong))


def source_of(source_rpm: str) -> tuple[str, str]:
    """Name and version-release of a file "NAME-VERSION-RELEASE.src.rpm"; ("", "") of others."""
    for end in _SOURCE_ENDS:
        parts = source_rpm.removesuffix(end).rsplit("-", 2)
        if source_rpm.endswith(end) and len(parts) == 3:
            return parts[0], f"{parts[1]}-{parts[2]}"
    return "", ""


def _left_behind(file: FileView) -> Iterator[Unreadable]:
    # rpm leaves the file with 0 bytes; 32 are its header, without a change.
    if len(file.content) > 32:
        yield file.unreadable(
            "rpm was interrupted: the last changes are in this log and not in rpmdb.sqlite"
        )


def _reader(content: bytes) -> Callable[[bytes], Iterator[bytes | FormatError]] | None:
    """By what is inside: the name of the file is only a custom."""
    if content.startswith(sqlite.MAGIC):
        return _sqlite_blobs
    if content.startswith(ndb.MAGIC):
        return ndb.blobs
    return _bdb_blobs if bdb.is_hash(content) else None


def _sqlite_blobs(content: bytes) -> Iterator[bytes | FormatError]:
    """Table Packages (hnum INTEGER PRIMARY KEY, blob BLOB): rpm, lib/backend/sqlite.c."""
    for row in sqlite.table_rows(content, b"Packages"):
        if isinstance(row, FormatError):
            yield row
        elif len(row) == 2 and isinstance(row[1], bytes):
            yield row[1]
        else:
            yield FormatError("a row of Packages is no number and blob")


def _bdb_blobs(content: bytes) -> Iterator[bytes | FormatError]:
    for found in bdb.values(content):
        # Key 0 holds the next package number, 4 bytes.
        if isinstance(found, FormatError) or len(found) != 4:
            yield found


def _header(found: bytes | FormatError) -> Header:
    if isinstance(found, FormatError):
        raise found
    return Header(found)


def _asked_files(blobs: Iterable[bytes | FormatError]) -> frozenset[bytes]:
    """Paths that packages require: who owns such a file provides it."""
    asked: set[bytes] = set()
    for found in blobs:
        try:
            requires = _header(found).strings(rpm_header.REQUIRES)
        except FormatError:
            continue  # said where the record is read
        asked.update(name for name in requires if name.startswith(b"/"))
    return frozenset(asked)


def _record(file: FileView, header: Header, asked: frozenset[bytes]) -> Record:
    name, version = header.string(rpm_header.NAME), header.string(rpm_header.VERSION)
    if not name or not version:
        raise FormatError("it has no name or no version")
    release = text(header.string(rpm_header.RELEASE))
    epoch = next((str(number) for number in header.numbers(rpm_header.EPOCH)), "")
    source_rpm = text(header.string(rpm_header.SOURCE_RPM))
    source, source_version = source_of(source_rpm)
    licence = text(header.string(rpm_header.LICENCE))
    package = Package(
        type="rpm",
        name=text(name),
        version=f"{text(version)}-{release}" if release else text(version),
        location=file.location,
        found_by=RPM.name,
        arch=text(header.string(rpm_header.ARCH)),
        source=source,
        source_version=source_version,
        licences=(licence,) if licence else (),
        maintainer=text(header.string(rpm_header.VENDOR) or header.string(rpm_header.PACKAGER)),
        homepage=text(header.string(rpm_header.URL)),
        epoch=epoch,
        modularity=text(header.string(rpm_header.MODULARITY)),
        qualifiers=(("epoch", epoch), ("upstream", source_rpm)),
    )
    files = _owned(header)
    return Record(package, _needs(header), _provides(header, files, asked), files)


def _needs(header: Header) -> tuple[tuple[str, ...], ...]:
    """Required names, without features of rpm and without rich dependencies "(a if b)"."""
    names, flags = header.strings(rpm_header.REQUIRES), header.numbers(rpm_header.REQUIRE_FLAGS)
    if len(names) != len(flags):
        raise FormatError(f"{len(names)} required names have {len(flags)} flags")
    packages = {
        name
        for name, flag in zip(names, flags, strict=True)
        if not flag & _RPMLIB and not name.startswith(b"(")
    }
    return tuple((text(name),) for name in sorted(packages))


def _owned(header: Header) -> OwnedFiles:
    """Its files, with the digests of those that are no directories and no links."""
    folders = header.strings(rpm_header.DIRECTORY_NAMES)
    indexes = header.numbers(rpm_header.DIRECTORY_INDEXES)
    names = header.strings(rpm_header.BASE_NAMES)
    if len(indexes) != len(names) or (indexes and max(indexes) >= len(folders)):
        raise FormatError("its files do not fit its directories")
    number = next(iter(header.numbers(rpm_header.FILE_DIGEST_ALGORITHM)), _MD5)
    digests = header.strings(rpm_header.FILE_DIGESTS) or [b""] * len(names)
    flags = header.numbers(rpm_header.FILE_FLAGS) or (0,) * len(names)
    if len(digests) != len(names) or len(flags) != len(names):
        raise FormatError(f"{len(names)} files have {len(digests)} digests, {len(flags)} flags")
    pairs = [
        (folders[index] + name, flag, digest)
        for index, name, flag, digest in zip(indexes, names, flags, digests, strict=True)
        if not flag & _GHOST
    ]
    return owned_files(
        ((path, _raw(digest)) for path, _, digest in pairs),
        _DIGESTS.get(number, ""),
        (path for path, flag, _ in pairs if flag & _CONFIG),
    )


def _raw(digest: bytes) -> bytes:
    try:
        return bytes.fromhex(digest.decode("ascii"))
    except ValueError:
        return b""


def _provides(header: Header, files: OwnedFiles, asked: frozenset[bytes]) -> tuple[str, ...]:
    """What it says, and those of its files that somebody requires."""
    names = {*header.strings(rpm_header.PROVIDES)}
    if asked:
        names.update(path for name in files.listed() if (path := b"/" + name) in asked)
    return tuple(map(text, sorted(names)))


RPM = Cataloger(
    name="rpm-db",
    version=1,
    wants=tuple(f"{folder}/{name}" for folder in _FOLDERS for name in _NAMES),
    max_bytes=256 * MIB,  # headers hold changelogs and file lists: 3,000 packages take 150 MiB
    parse=parse_database,
)
