"""A database as one file, for another machine: its waybill, then its rows, compressed.

    frame 0x184D2A5E    the waybill
    frame 0x184D2A5D    a signature over the bytes of the waybill, where there is one
    frames of zstd      the rows (contents.py)

The first two are skippable frames (RFC 8878, 3.1.2), so that `zstd -d --long=27` unpacks the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import IO

import msgspec

from secure.errors import ArchiveError, DigestMismatchError, LimitExceededError, TamperedError
from secure.images.decompress import decompressed
from secure.oci.limits import Limits
from secure.vulns.database_status import DatabaseStatus, FeedStatus
from secure.vulns.manifest import MANIFEST_BYTES
from secure.vulns.signature import LENGTH

_WAYBILL, _SIGNATURE = (number.to_bytes(4, "little") for number in (0x184D2A5E, 0x184D2A5D))
_LEVEL = 17  # of zstd: 15 is 6 % larger, 19 takes twice as long for 2 %
_WINDOW_LOG = 27  # 128 MiB: the most that readers allow (`zstd_window_bytes`)


class Waybill(msgspec.Struct, frozen=True):
    """What is in a parcel; the signature is over it.

    Args:
        sha256, bytes: of the rows, uncompressed.
        feeds: each with the digest of what was read for it.
        ecosystems: records by name.
        details: with details and references of advisories.
    """

    sha256: str
    bytes: int
    built_at: str
    records: int
    feeds: tuple[FeedStatus, ...]
    ecosystems: dict[str, int]
    details: bool


class Head(msgspec.Struct, frozen=True):
    """What a parcel begins with.

    Args:
        signed: the bytes of the waybill.
        signature: over them; b"" where there is none.
    """

    waybill: Waybill
    signed: bytes
    signature: bytes = b""


def waybill_of(status: DatabaseStatus, rows: Iterable[bytes], *, details: bool) -> Waybill:
    """The waybill of these rows, which are read to their end."""
    digest, size = sha256(), 0
    for row in rows:
        digest.update(row)
        size += len(row)
    return Waybill(
        sha256=digest.hexdigest(),
        bytes=size,
        built_at=status.built_at,
        records=status.records,
        feeds=status.feeds,
        ecosystems={one.name: one.records for one in status.ecosystems},
        details=details,
    )


def write_parcel(
    waybill: Waybill,
    rows: Iterable[bytes],
    target: IO[bytes],
    sign: Callable[[bytes], bytes] | None = None,
) -> None:
    """The rows of `waybill`, to `target`.

    Args:
        sign: makes the signature of a message.
    """
    import zstandard

    head = msgspec.json.encode(waybill)
    target.write(_frame(_WAYBILL, head))
    if sign:
        target.write(_frame(_SIGNATURE, sign(head)))
    how = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL,
        source_size=waybill.bytes,
        window_log=min(_WINDOW_LOG, max(10, waybill.bytes.bit_length())),
        enable_ldm=True,
        write_checksum=True,
    )
    compressor = zstandard.ZstdCompressor(compression_params=how)
    packed = compressor.stream_writer(target, size=waybill.bytes, closefd=False)
    for row in rows:
        packed.write(row)
    # Only of a whole one: else it fails, and hides why there is no more.
    packed.flush(zstandard.FLUSH_FRAME)


def _frame(magic: bytes, content: bytes) -> bytes:
    return magic + len(content).to_bytes(4, "little") + content


def read_head(source: IO[bytes], where: str) -> Head:
    """The beginning of a parcel; `source`, which can seek, then stands before the rows.

    Raises:
        ArchiveError, TamperedError: it is another kind of file.
    """
    signed = _content(source, _WAYBILL, MANIFEST_BYTES)
    if signed is None:
        raise ArchiveError(f"{where}: was not made by secure db export")
    begin = source.tell()
    signature = _content(source, _SIGNATURE, LENGTH)
    if signature is None:
        source.seek(begin)
    try:
        waybill = msgspec.json.decode(signed, type=Waybill)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise TamperedError(
            f"{where}: begins with no waybill of ours: {cause}", do="Copy the file again."
        ) from cause
    return Head(waybill, signed, signature or b"")


def _content(source: IO[bytes], magic: bytes, most: int) -> bytes | None:
    """Of a frame; None where another kind follows, or a longer one."""
    head = source.read(8)
    length = int.from_bytes(head[4:], "little")
    if len(head) < 8 or head[:4] != magic or length > most:
        return None
    return source.read(length)


def read_parcel(waybill: Waybill, source: IO[bytes], limits: Limits, where: str) -> Iterator[bytes]:
    """The rows of `waybill`, in pieces cut anywhere. They are right when all of them were read.

    Args:
        source: after `read_head`.

    Raises:
        ArchiveError: damaged.
        DigestMismatchError: the rows are not what the waybill says.
        LimitExceededError: `feed_bytes`.
    """
    if waybill.bytes > limits.feed_bytes:
        raise LimitExceededError("feed_bytes", where, f"{limits.feed_bytes} bytes")
    made, digest = 0, sha256()
    for piece in decompressed(source.read, limits, where):
        made += len(piece)
        if made > waybill.bytes:
            break
        digest.update(piece)
        yield piece
    if made != waybill.bytes or digest.hexdigest() != waybill.sha256:
        raise DigestMismatchError(
            f"{where}: the rows inside are not those of its waybill:"
            f" sha256 {waybill.sha256} expected, {digest.hexdigest()} read",
            do="Copy the file again.",
        )
