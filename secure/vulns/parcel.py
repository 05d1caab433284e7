"""A database as one file, for another machine: its manifest, then the database, compressed.

    frame 0x184D2A5E    the manifest
    frame 0x184D2A5D    a signature over the bytes of the manifest, where there is one
    frames of zstd      the database

The first two are skippable frames (RFC 8878, 3.1.2), so that `zstd -d` unpacks the database.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import IO

import msgspec

from secure.errors import ArchiveError, DigestMismatchError, LimitExceededError
from secure.images.decompress import decompressed
from secure.oci.limits import Limits
from secure.vulns.manifest import MANIFEST_BYTES, Manifest, read_manifest
from secure.vulns.signature import LENGTH

_MANIFEST, _SIGNATURE = (number.to_bytes(4, "little") for number in (0x184D2A5E, 0x184D2A5D))
_LEVEL = 15


class Head(msgspec.Struct, frozen=True):
    """What a parcel says of the database in it.

    Args:
        signed: the bytes of the manifest.
        signature: over them; b"" where there is none.
    """

    manifest: Manifest
    signed: bytes
    signature: bytes = b""


def write_parcel(
    manifest: Manifest,
    source: IO[bytes],
    target: IO[bytes],
    sign: Callable[[bytes], bytes] | None = None,
) -> None:
    """The database that `source` reads, to `target`.

    Args:
        sign: makes the signature of a message.
    """
    import zstandard

    head = msgspec.json.encode(manifest)
    target.write(_frame(_MANIFEST, head))
    if sign:
        target.write(_frame(_SIGNATURE, sign(head)))
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    compressor.copy_stream(source, target, size=manifest.bytes)


def _frame(magic: bytes, content: bytes) -> bytes:
    return magic + len(content).to_bytes(4, "little") + content


def read_head(source: IO[bytes], where: str) -> Head:
    """The beginning of a parcel; `source`, which can seek, then stands before the database.

    Raises:
        ArchiveError, TamperedError: it is another kind of file.
    """
    signed = _content(source, _MANIFEST, MANIFEST_BYTES)
    if signed is None:
        raise ArchiveError(f"{where}: was not made by secure db export")
    begin = source.tell()
    signature = _content(source, _SIGNATURE, LENGTH)
    if signature is None:
        source.seek(begin)
    return Head(read_manifest(signed, where), signed, signature or b"")


def _content(source: IO[bytes], magic: bytes, most: int) -> bytes | None:
    """Of a frame; None where another kind follows, or a longer one."""
    head = source.read(8)
    length = int.from_bytes(head[4:], "little")
    if len(head) < 8 or head[:4] != magic or length > most:
        return None
    return source.read(length)


def read_parcel(
    manifest: Manifest, source: IO[bytes], target: IO[bytes], limits: Limits, where: str
) -> None:
    """Unpack the database of `manifest` to `target`.

    Args:
        source: after `read_head`.

    Raises:
        ArchiveError: damaged.
        DigestMismatchError: the database is not what the manifest says.
        LimitExceededError: `feed_bytes`.
    """
    if manifest.bytes > limits.feed_bytes:
        raise LimitExceededError("feed_bytes", where, f"{limits.feed_bytes} bytes")
    made, digest = 0, sha256()
    for piece in decompressed(source.read, limits, where):
        made += len(piece)
        if made > manifest.bytes:
            break
        digest.update(piece)
        target.write(piece)
    if made != manifest.bytes or digest.hexdigest() != manifest.sha256:
        raise DigestMismatchError(
            f"{where}: the database inside is not the one of its manifest:"
            f" sha256 {manifest.sha256} expected, {digest.hexdigest()} read",
            do="Copy the file again.",
        )
