"""Blobs on disk, and compressed streams, also wrong ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import zstandard

from secure.images.blob_file import BlobFile
from secure.images.decompress import decompressed
from secure.images.verified import VerifiedLayer
from secure.oci.digest import Digest
from secure.oci.limits import DEFAULT_LIMITS, Limits

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}


def inflated(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """`raw` decompressed, every compression allowed."""
    return b"".join(decompressed(io.BytesIO(raw).read, limits, '"blob"', outer=True))


def blob_file(folder: Path, raw: bytes) -> BlobFile:
    """A blob in a file of its own; the descriptor lives as long as the test process."""
    path = folder / "blob"
    path.write_bytes(raw)
    return BlobFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC), 0, len(raw))


def layer(
    folder: Path,
    raw: bytes,
    *,
    digest: str | None = None,
    diff_id: str = "",
    limits: Limits = DEFAULT_LIMITS,
) -> VerifiedLayer:
    """A verified layer over `raw`; its right digest unless another is given."""
    right = str(Digest.of(raw)) if digest is None else digest
    return VerifiedLayer(
        blob_file(folder, raw), digest=right, diff_id=diff_id, limits=limits, where='layer 0 of "t"'
    )
