"""Compressions are told by their first bytes and undone in bounded pieces."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

import pytest
import zstandard
from blobs import COMPRESS, inflated

from secure.errors import ArchiveError
from secure.images.decompress import compression_of, decompressed
from secure.oci.limits import DEFAULT_LIMITS

TEXT = b"".join(b"%d:" % n for n in range(60_000))


@pytest.mark.parametrize("kind", COMPRESS)
def test_every_compression_is_told_and_undone(kind: str) -> None:
    raw = COMPRESS[kind](TEXT)
    assert compression_of(raw[:8]) == kind
    assert inflated(raw) == TEXT


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_streams_one_after_another_are_one(kind: str) -> None:
    raw = COMPRESS[kind](TEXT) + COMPRESS[kind](b"") + COMPRESS[kind](b"end")
    assert inflated(raw) == TEXT + b"end"


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_input_may_come_byte_by_byte(kind: str) -> None:
    raw = COMPRESS[kind](TEXT[:2000]) + COMPRESS[kind](b"end")
    # Only the first read has to be long enough to tell the compression.
    reads = iter([raw[:8], *(raw[at : at + 1] for at in range(8, len(raw)))])
    pieces = decompressed(lambda _: next(reads, b""), DEFAULT_LIMITS, "t", outer=True)
    assert b"".join(pieces) == TEXT[:2000] + b"end"


def test_pieces_are_bounded() -> None:
    sizes = {
        len(piece) for piece in decompressed(_reader(gzip.compress(TEXT)), DEFAULT_LIMITS, "t")
    }
    assert max(sizes) <= 512 * 1024


def test_skippable_zstd_frames_are_skipped() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"1234567"
    body = COMPRESS["zstd"](TEXT)
    assert inflated(skippable + body + skippable) == TEXT


@pytest.mark.parametrize("level", [1, 3, 19])
@pytest.mark.parametrize("content", [b"", b"x", bytes(300_000), TEXT])
def test_every_kind_of_zstd_block_is_followed(level: int, content: bytes) -> None:
    for with_size in (True, False):
        compressor = zstandard.ZstdCompressor(level=level, write_content_size=with_size)
        assert inflated(compressor.compress(content)) == content


@pytest.mark.parametrize("kind", ["xz", "bzip2"])
def test_compressions_that_no_layer_uses_are_refused_in_layers(kind: str) -> None:
    with pytest.raises(ArchiveError, match=kind):
        list(decompressed(_reader(COMPRESS[kind](TEXT)), DEFAULT_LIMITS, "t"))


def _reader(raw: bytes) -> Callable[[int], bytes]:
    return io.BytesIO(raw).read
