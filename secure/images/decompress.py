"""Decompression in bounded pieces: gzip by isal, zstd by zstandard, plain; xz and bzip2 outside.

The form is told by the first bytes, like docker and containerd do, not by a media type or a file
name. Decoded data after the end of the compressed stream is an error: nobody else would read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Protocol, cast

from secure.errors import ArchiveError, LimitExceededError
from secure.images.zstd_frames import FrameTracker
from secure.oci.limits import Limits

PLAIN, GZIP, ZSTD, XZ, BZIP2 = "plain", "gzip", "zstd", "xz", "bzip2"
_OUT = 256 * 1024  # larger pieces leave the processor's cache
_IN = 128 * 1024

Read = Callable[[int], bytes]


class _Decoder(Protocol):
    """What gzip, xz and bzip2 decoders have in common."""

    def decompress(self, data: bytes, max_length: int) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


def compression_of(head: bytes) -> str:
    """The compression that the first bytes (6 are enough) tell."""
    if head[:2] == b"\x1f\x8b":
        return GZIP
    # Skippable frames may come first: 0x184D2A50 to 0x184D2A5F, little-endian (RFC 8878, 3.1.2).
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return ZSTD
    if head[:6] == b"\xfd7zXZ\0":
        return XZ
    if head[:3] == b"BZh" and head[3:4].isdigit():
        return BZIP2
    return PLAIN


def decompressed(read: Read, limits: Limits, where: str, *, outer: bool = False) -> Iterator[bytes]:
    """The decompressed content of what `read` gives, in pieces of at most 256 KiB.

    Args:
        read: reads at most so many bytes; b"" at the end.
        where: for errors.
        outer: xz and bzip2 are allowed: for whole archives, never for layers.

    Raises:
        ArchiveError: damaged, truncated, or followed by something else.
        LimitExceededError: `ratio` or `layer_bytes`.
    """
    head = read(_IN)
    kind = compression_of(head)
    if kind in (XZ, BZIP2) and not outer:
        raise ArchiveError(f"{where}: {kind} is not a compression of layers")
    source = _Source(read, head)
    pieces = _pieces(kind, source, limits, where)
    made = 0
    for piece in pieces:
        made += len(piece)
        if made > limits.layer_bytes:
            raise LimitExceededError("layer_bytes", where, f"{limits.layer_bytes} bytes")
        if made > limits.ratio_floor_bytes and made > limits.ratio * source.taken:
            raise LimitExceededError("ratio", where, f"{limits.ratio} to 1")
        yield piece


class _Source:
    """Compressed bytes, counted."""

    def __init__(self, read: Read, head: bytes) -> None:
        self._read, self._head = read, head
        self.taken = 0

    def read(self, count: int = _IN) -> bytes:
        """At most `count` bytes, and never more than 128 KiB; b"" at the end."""
        if self._head:
            piece, self._head = self._head[:count], self._head[count:]
        else:
            piece = self._read(min(count, _IN) if count > 0 else _IN)
        self.taken += len(piece)
        return piece


def _pieces(kind: str, source: _Source, limits: Limits, where: str) -> Iterator[bytes]:
    match kind:
        case "gzip":
            from isal import igzip_lib

            def gunzip() -> _Decoder:
                made: _Decoder = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
                return made

            wrong = cast("type[Exception]", igzip_lib.IsalError)  # its stub makes it an instance
            return _members(gunzip, wrong, source, where)
        case "zstd":
            return _unzstd(source, limits, where)
        case "xz":
            import lzma

            def unxz() -> _Decoder:
                return lzma.LZMADecompressor(memlimit=limits.xz_memory_bytes)

            return _members(unxz, lzma.LZMAError, source, where)
        case "bzip2":
            import bz2

            return _members(bz2.BZ2Decompressor, OSError, source, where)
    return iter(source.read, b"")


def _members(
    make: Callable[[], _Decoder], wrong: type[Exception], source: _Source, where: str
) -> Iterator[bytes]:
    """Streams one after another: pigz, bgzip and eStargz write gzip in many members."""
    decoder, compressed = make(), source.read()
    while True:
        try:
            piece = decoder.decompress(compressed, _OUT)
        except (wrong, EOFError) as cause:
            raise _damaged(where, str(cause)) from cause
        compressed = b""
        if piece:
            yield piece
        if decoder.eof:
            compressed = decoder.unused_data or source.read()
            if not compressed:
                return
            decoder = make()
        elif decoder.needs_input:
            compressed = source.read()
            if not compressed:
                raise _damaged(where, "the compressed stream is truncated")


def _unzstd(source: _Source, limits: Limits, where: str) -> Iterator[bytes]:
    import zstandard

    tracker = FrameTracker(where)

    class Tracked:
        def read(self, count: int = _IN) -> bytes:
            piece = source.read(count)
            tracker.feed(piece)
            return piece

    decoder = zstandard.ZstdDecompressor(max_window_size=limits.zstd_window_bytes)
    tracked = cast("IO[bytes]", Tracked())  # it only ever calls read()
    with decoder.stream_reader(tracked, read_size=_IN, read_across_frames=True) as reader:
        while True:
            try:
                piece = reader.read(_OUT)
            except zstandard.ZstdError as cause:
                raise _damaged(where, str(cause)) from cause
            if not piece:
                break
            yield piece
    tracker.finish()


def _damaged(where: str, why: str) -> ArchiveError:
    return ArchiveError(
        f"{where}: cannot be decompressed: {why}", do="It is damaged or truncated; fetch it again."
    )
