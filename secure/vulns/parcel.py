"""A database as one file, for another machine: its manifest, then the database, compressed.

The manifest is in a skippable frame of zstd (RFC 8878, 3.1.2), so that `zstd -d` unpacks it.
"""

from __future__ import annotations

from hashlib import sha256
from typing import IO

import msgspec

from secure.errors import ArchiveError, DigestMismatchError, LimitExceededError
from secure.images.decompress import decompressed
from secure.oci.limits import Limits
from secure.vulns.manifest import MANIFEST_BYTES, Manifest, read_manifest

_MAGIC = (0x184D2A5E).to_bytes(4, "little")
_LEVEL = 15
_PIECE = 1 << 20


def write_parcel(manifest: Manifest, source: IO[bytes], target: IO[bytes]) -> None:
    """The database that `source` reads, to `target`."""
    import zstandard

    head = msgspec.json.encode(manifest)
    target.write(_MAGIC + len(head).to_bytes(4, "little") + head)
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    compressor.copy_stream(source, target, size=manifest.bytes)


def read_parcel(source: IO[bytes], target: IO[bytes], limits: Limits, where: str) -> Manifest:
    """Unpack to `target` what is in `source`.

    Raises:
        ArchiveError: damaged, or another kind of file.
        DigestMismatchError: the database is not what the manifest says.
        LimitExceededError: `feed_bytes`.
    """
    head = source.read(8)
    length = int.from_bytes(head[4:8], "little")
    if head[:4] != _MAGIC or len(head) < 8 or length > MANIFEST_BYTES:
        raise ArchiveError(f"{where}: was not made by secure db export")
    manifest = read_manifest(source.read(length), where)
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
    return manifest
