"""Bombs, truncated streams, streams with something behind them, altered content."""

from __future__ import annotations

import gzip
import io
import os
import resource
from pathlib import Path

import pytest
import zstandard
from blobs import COMPRESS, blob_file, inflated, layer
from hypothesis import given, settings
from hypothesis import strategies as st
from tars import END, header, listed, member, pax, walk

from secure.errors import ArchiveError, DigestMismatchError, InputError, LimitExceededError
from secure.images.decompress import decompressed
from secure.images.write import NewFile, layer_tar
from secure.oci.digest import Digest
from secure.oci.limits import MIB, Limits
from secure.value import replace

TIGHT = replace(Limits(), ratio_floor_bytes=1 * MIB, ratio=500)
TAR = layer_tar([NewFile(b"a", os.urandom(3000)), NewFile(b"b" * 120, b"B" * 700)])


def test_a_gzip_bomb_exceeds_the_ratio() -> None:
    with pytest.raises(LimitExceededError) as caught:
        inflated(gzip.compress(bytes(64 * MIB)), TIGHT)
    assert caught.value.limit == "ratio"


def test_a_zstd_bomb_exceeds_the_ratio_and_takes_little_memory() -> None:
    # Blocks of one repeated byte: 4 bytes stand for 128 KiB, 32 768 to 1.
    block = (128 * 1024 << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    bomb = b"\x28\xb5\x2f\xfd\x00\x58" + block * 30_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LimitExceededError) as caught:
        for _ in decompressed(io.BytesIO(bomb).read, Limits(), "bomb"):
            pass
    assert caught.value.limit == "ratio"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_many_small_gzip_members_are_still_one_bomb() -> None:
    with pytest.raises(LimitExceededError):
        inflated(gzip.compress(bytes(2 * MIB)) * 20, TIGHT)


def test_a_layer_without_end_exceeds_its_size() -> None:
    limits = replace(Limits(), layer_bytes=1 * MIB)
    with pytest.raises(LimitExceededError) as caught:
        inflated(os.urandom(2 * MIB), limits)
    assert caught.value.limit == "layer_bytes"


def test_a_zstd_window_that_eats_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    stream = writer.compress(os.urandom(MIB)) + writer.flush()
    with pytest.raises(ArchiveError):
        inflated(stream, replace(Limits(), zstd_window_bytes=8 * MIB))


@pytest.mark.parametrize(
    "keys",
    [
        [(b"GNU.sparse.size", b"60000000000"), (b"GNU.sparse.map", b"0,1")],
        [(b"GNU.sparse.size", b"60000000000"), (b"GNU.sparse.numblocks", b"0")],
    ],
)
def test_a_sparse_bomb_exceeds_the_ratio(keys: list[tuple[bytes, bytes]]) -> None:
    content = b"x" if b"0,1" in keys[1] else b""
    with pytest.raises(LimitExceededError) as caught:
        listed(pax(*keys) + member(b"bomb", content) + END)
    assert caught.value.limit == "ratio"


@pytest.mark.parametrize("numbers", [b"10,5,0,5", b"0,10,5,10", b"0,99", b"0,-1", b"0", b"0,x"])
def test_a_sparse_map_that_overlaps_or_leaves_the_file_is_refused(numbers: bytes) -> None:
    keys = pax((b"GNU.sparse.size", b"20"), (b"GNU.sparse.map", numbers))
    with pytest.raises(ArchiveError):
        listed(keys + member(b"x", b"0123456789") + END)


def test_an_old_sparse_map_that_never_ends_is_refused() -> None:
    table = (b"%011o\0%011o\0" % (0, 1) + b"%011o\0%011o\0" % (1, 0) * 3) + b"\1" + b"%011o\0" % 9
    more = b"".join(b"%011o\0%011o\0" % (9, 0) for _ in range(21)) + b"\1" + bytes(7)
    with pytest.raises(LimitExceededError) as caught:
        listed(header(b"s", b"S", 1, magic=b"ustar  \0", gnu=table) + more * 4000)
    assert caught.value.limit == "sparse_segments"


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_a_compressed_stream_cut_anywhere_is_refused(kind: str) -> None:
    raw = COMPRESS[kind](b"some text, " * 50 + os.urandom(50))
    for end in range(7, len(raw)):
        with pytest.raises(ArchiveError):
            inflated(raw[:end])


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("rest", [b"\0", b"junk", bytes(512), b"\x1f", b"\x28\xb5"])
def test_anything_behind_a_compressed_stream_is_refused(kind: str, rest: bytes) -> None:
    with pytest.raises(ArchiveError):
        inflated(COMPRESS[kind](b"text" * 100) + rest)


@pytest.mark.parametrize("kind", ["gzip", "zstd", "xz", "bzip2"])
def test_a_damaged_stream_is_refused(kind: str) -> None:
    raw = bytearray(COMPRESS[kind](os.urandom(5000)))
    raw[len(raw) // 2] ^= 0x10
    with pytest.raises(ArchiveError):
        inflated(bytes(raw))


def test_a_tar_cut_anywhere_but_between_entries_is_refused() -> None:
    between = {512 + 3072, len(TAR) - 1024, len(TAR) - 512}
    for end in range(1, len(TAR)):
        if end in between:
            continue
        with pytest.raises(ArchiveError):
            _read_all(TAR[:end])


def test_a_layer_cut_between_entries_is_not_what_its_digest_promises(tmp_path: Path) -> None:
    cut = TAR[: 512 + 3072]
    with pytest.raises(DigestMismatchError, match="diff-id"):
        list(layer(tmp_path, cut, diff_id=str(Digest.of(TAR))).entries())


@pytest.mark.parametrize("kind", ["plain", "gzip", "zstd"])
def test_the_right_digests_let_a_layer_through(tmp_path: Path, kind: str) -> None:
    stream = layer(tmp_path, COMPRESS[kind](TAR), diff_id=str(Digest.of(TAR)))
    assert len(list(stream.entries())) == 2
    assert stream.uncompressed_bytes == len(TAR)


@pytest.mark.parametrize("kind", ["plain", "gzip", "zstd"])
def test_a_wrong_blob_digest_names_layer_expected_and_got(tmp_path: Path, kind: str) -> None:
    raw = COMPRESS[kind](TAR)
    wrong = "sha256:" + "0" * 64
    with pytest.raises(DigestMismatchError) as caught:
        list(layer(tmp_path, raw, digest=wrong).entries())
    assert 'layer 0 of "t"' in caught.value.what
    assert wrong in caught.value.what
    assert str(Digest.of(raw)) in caught.value.what


@pytest.mark.parametrize("kind", ["plain", "gzip", "zstd"])
def test_a_wrong_diff_id_is_refused_though_the_blob_is_right(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DigestMismatchError, match="diff-id"):
        list(layer(tmp_path, COMPRESS[kind](TAR), diff_id="sha256:" + "1" * 64).entries())


def test_bytes_behind_the_end_of_the_tar_belong_to_the_digest(tmp_path: Path) -> None:
    longer = TAR + b"behind the end" * 1000
    with pytest.raises(DigestMismatchError):
        list(layer(tmp_path, longer, diff_id=str(Digest.of(TAR))).entries())
    assert len(list(layer(tmp_path, longer, diff_id=str(Digest.of(longer))).entries())) == 2


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7), kind=st.sampled_from(["plain", "gzip"]))
def test_one_flipped_bit_is_always_a_digest_mismatch(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int, kind: str
) -> None:
    raw = bytearray(COMPRESS[kind](TAR))
    right = str(Digest.of(bytes(raw)))
    raw[place % len(raw)] ^= 1 << bit
    stream = layer(tmp_path_factory.mktemp("bit"), bytes(raw), digest=right)
    with pytest.raises(DigestMismatchError):
        list(stream.entries())


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    blob = blob_file(tmp_path, TAR)
    os.truncate(tmp_path / "blob", 100)
    with pytest.raises(InputError, match="too early"):
        blob.read_all()


def _read_all(tar: bytes) -> None:
    for entry in walk(tar, step=700):
        entry.read(1 << 20)
