"""Files of records: folders, zip, tar, JSON lines, compressed or not. Bounded, whoever made them.

A record that cannot be read is named and costs no other; a container that is damaged is an error,
for nobody could tell what is missing.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Callable, Iterator

import msgspec

from secure.errors import ArchiveError, LimitExceededError, NotFoundError
from secure.facts.image import Unreadable
from secure.facts.plain import plain
from secure.images.byte_queue import ByteQueue
from secure.images.decompress import decompressed
from secure.images.tar_walk import FILE, TarWalk
from secure.oci.limits import Limits
from secure.vulns import osv
from secure.vulns.build import Content
from secure.vulns.zip_directory import check_directory

Raw = tuple[str, bytes]  # where it was found, for people; the record
_LINES = (".jsonl", ".ndjson", ".jsonlines")
_COMPRESSIONS = (".gz", ".xz", ".zst", ".bz2")
_ENDINGS = (".json", ".zip", ".tar", ".tgz", *_LINES)
_PIECE = 1 << 20


def files(path: str, other: Callable[[str], bool] = lambda _: False) -> list[str]:
    """`path` itself, or every file of records below it, sorted.

    Args:
        other: tells by its name a file that has another form than OSV's.

    Raises:
        NotFoundError: nothing is there.
    """
    if os.path.isfile(path):
        return [path]
    found = []
    for folder, _, names in os.walk(path):
        found += [
            os.path.join(folder, name)
            for name in names
            if _stem(name).endswith(_ENDINGS) or other(name)
        ]
    if not found:
        raise NotFoundError(
            f'"{path}" is no file of records, nor a folder with any',
            do=f"They end in {', '.join(_ENDINGS)}, also with {', '.join(_COMPRESSIONS)}.",
        )
    return sorted(found)


def advisories(
    path: str, limits: Limits, content: Content
) -> Iterator[osv.Advisory | osv.Refused | Unreadable]:
    """The OSV records of one file.

    Raises:
        ArchiveError: the file is damaged.
        LimitExceededError: `feed_bytes`, `feed_records`, `feed_directory_bytes` or `ratio`.
    """
    for found in records(path, limits, content):
        if isinstance(found, Unreadable):
            yield found
            continue
        where, raw = found
        read = osv.read(raw, limits)
        if isinstance(read, osv.Refused):
            yield Unreadable(f"{where}: {read.id}" if read.id else where, 0, read.why)
        else:
            yield read


def records(path: str, limits: Limits, content: Content) -> Iterator[Raw | Unreadable]:
    """Every record of one file, unread; see `advisories`."""
    where = plain(os.path.basename(path))
    for count, found in enumerate(_records(path, where, limits, content), start=1):
        if count > limits.feed_records:
            raise LimitExceededError("feed_records", where, f"{limits.feed_records} records")
        yield found


def _records(path: str, where: str, limits: Limits, content: Content) -> Iterator[Raw | Unreadable]:
    try:
        with open(path, "rb") as file:
            if file.read(4) in (b"PK\x03\x04", b"PK\x05\x06"):
                yield from _of_zip(path, limits, content)
                return
        yield from _of_stream(pieces(path, limits, content), _stem(path), where, limits)
    except OSError as cause:
        raise ArchiveError(f'cannot read "{plain(path)}": {cause.strerror}') from cause


def pieces(path: str, limits: Limits, content: Content) -> Iterator[bytes]:
    """What is in one file, uncompressed, in pieces of at most 256 KiB.

    Raises:
        ArchiveError: damaged.
        LimitExceededError: `feed_bytes` or `ratio`.
    """
    where = plain(os.path.basename(path))
    try:
        with open(path, "rb") as file:

            def read(count: int) -> bytes:
                return content.feed(file.read(count))

            yield from _bounded(decompressed(read, limits, where, outer=True), where, limits)
    except OSError as cause:
        raise ArchiveError(f'cannot read "{plain(path)}": {cause.strerror}') from cause


def _stem(path: str) -> str:
    """Without the compression at its end."""
    for ending in _COMPRESSIONS:
        if path.endswith(ending):
            return path.removesuffix(ending)
    return path


def _bounded(found: Iterator[bytes], where: str, limits: Limits) -> Iterator[bytes]:
    made = 0
    for piece in found:
        made += len(piece)
        if made > limits.feed_bytes:
            raise LimitExceededError("feed_bytes", where, f"{limits.feed_bytes} bytes")
        yield piece


def _of_stream(
    pieces: Iterator[bytes], stem: str, where: str, limits: Limits
) -> Iterator[Raw | Unreadable]:
    if stem.endswith((".tar", ".tgz")):
        yield from _of_tar(pieces, where, limits)
    elif stem.endswith(_LINES):
        yield from lines(pieces, where, limits)
    else:
        raw = b""
        for piece in pieces:
            raw += piece
            if len(raw) > limits.advisory_bytes:
                yield _too_large(where, limits)
                return
        yield from _documents(raw, where)


def lines(pieces: Iterator[bytes], where: str, limits: Limits) -> Iterator[Raw | Unreadable]:
    """One record a line; a line that is too long is skipped without being kept."""
    rest, number, skipping = b"", 0, False
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            number += 1
            if skipping or len(line) > limits.advisory_bytes:
                yield _too_large(f"{where}:{number}", limits)
            elif line.strip():
                yield f"{where}:{number}", line
            skipping = False
        if len(rest) > limits.advisory_bytes:
            rest, skipping = b"", True
    if skipping:
        yield _too_large(f"{where}:{number + 1}", limits)
    elif rest.strip():
        yield f"{where}:{number + 1}", rest


def _documents(raw: bytes, where: str) -> Iterator[Raw | Unreadable]:
    """A file with one record, or with a list of them."""
    if raw.lstrip()[:1] != b"[":
        yield where, raw
        return
    try:
        found = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        yield Unreadable(where, 0, f"it is no JSON: {plain(str(cause)[:200])}")
        return
    for number, one in enumerate(found, start=1):
        yield f"{where}[{number}]", bytes(one)


def _of_tar(pieces: Iterator[bytes], where: str, limits: Limits) -> Iterator[Raw | Unreadable]:
    queue = ByteQueue(lambda: next(pieces, b""))
    walk = TarWalk(queue, limits, where, end_required=True)
    for entry in walk:
        name = entry.name.decode("utf-8", "backslashreplace")
        if entry.kind != FILE or not name.endswith(".json"):
            continue
        place = plain(f"{where}: {name}")
        if entry.size > limits.advisory_bytes:
            yield _too_large(place, limits)
            continue
        yield from _documents(b"".join(iter(lambda: walk.read(entry, _PIECE), b"")), place)  # noqa: B023 - read at once


def _of_zip(path: str, limits: Limits, content: Content) -> Iterator[Raw | Unreadable]:
    for found in zip_members(path, limits, content, ".json"):
        if isinstance(found, Unreadable):
            yield found
        else:
            yield from _documents(found[1], found[0])


def zip_members(
    path: str, limits: Limits, content: Content, ending: str | tuple[str, ...]
) -> Iterator[Raw | Unreadable]:
    """The members of a zip whose names end so, by name.

    Raises:
        ArchiveError, LimitExceededError: as `advisories`.
    """
    where = plain(os.path.basename(path))
    check_directory(path, where, limits)
    with open(path, "rb") as file:
        while content.feed(file.read(_PIECE)):
            pass
    made = 0
    most = min(limits.feed_bytes, max(limits.ratio_floor_bytes, limits.ratio * content.bytes))
    try:
        with zipfile.ZipFile(path) as archive:
            for member in sorted(archive.infolist(), key=lambda one: one.filename):
                if not member.filename.endswith(ending):
                    continue
                found = _member(archive, member, where, limits)
                made += min(member.file_size, limits.advisory_bytes)
                if made > most:
                    # Also many members that share one piece of the file, as bombs do.
                    raise LimitExceededError("feed_bytes or ratio", where, f"{most} bytes")
                yield found
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as cause:
        raise ArchiveError(
            f"{where}: is no whole zip: {plain(str(cause))}", do="Fetch it again."
        ) from cause


def check_members(path: str, limits: Limits) -> None:
    """Pass a zip whose list of members is whole and names a record; they are not read.

    Raises:
        ArchiveError, LimitExceededError: as `advisories`.
    """
    where = plain(os.path.basename(path))
    check_directory(path, where, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith(".json") for name in archive.namelist()):
                return
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as cause:
        raise ArchiveError(f"{where}: is no whole zip: {plain(str(cause))}") from cause
    raise ArchiveError(f"{where}: there is no record in it")


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str, limits: Limits
) -> Raw | Unreadable:
    """One member; never more than the limit is unpacked, whatever its header says."""
    place = plain(f"{where}: {member.filename}")
    try:
        with archive.open(member) as file:
            raw = file.read(limits.advisory_bytes + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as cause:
        return Unreadable(place, 0, f"it cannot be unpacked: {plain(str(cause)[:200])}")
    if len(raw) > limits.advisory_bytes:
        return _too_large(place, limits)
    return place, raw


def _too_large(where: str, limits: Limits) -> Unreadable:
    return Unreadable(where, 0, f"it has more than {limits.advisory_bytes} bytes")
