"""Tar archives piece by piece, also wrong ones, and the walk over them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from secure.images.byte_queue import ByteQueue
from secure.images.entry import Entry
from secure.images.tar_walk import TarWalk
from secure.images.unpack import UnpackReport, unpack_layer
from secure.images.write import NewFile
from secure.oci.limits import DEFAULT_LIMITS, Limits

END = bytes(1024)


def header(name: bytes, flag: bytes = b"0", size: int | bytes = 0, **fields: bytes) -> bytes:
    """A header with a right checksum; `fields` puts raw bytes at mode, uid, size, …"""
    places = {
        "mode": (100, 8), "uid": (108, 8), "gid": (116, 8), "size": (124, 12),
        "mtime": (136, 12), "link": (157, 100), "magic": (257, 8), "major": (329, 8),
        "minor": (337, 8), "prefix": (345, 155), "gnu": (386, 109),
    }  # fmt: skip
    block = bytearray(512)
    block[: len(name)] = name
    texts = {"mode": b"0000644\0", "uid": b"0000000\0", "gid": b"0000000\0"}
    texts["size"] = b"%011o\0" % size if isinstance(size, int) else size
    texts |= {"mtime": b"00000000000\0", "magic": b"ustar\x0000"}
    for key, raw in (texts | fields).items():
        start, length = places[key]
        block[start : start + length] = raw.ljust(length, b"\0")
    block[148:156] = b" " * 8
    block[156:157] = flag
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(name: bytes, content: bytes = b"", flag: bytes = b"0", **fields: bytes) -> bytes:
    """A header and its content."""
    return header(name, flag, len(content), **fields) + padded(content)


def padded(content: bytes) -> bytes:
    """Content filled up to whole blocks."""
    return content + bytes(-len(content) % 512)


def pax(*records: tuple[bytes, bytes], flag: bytes = b"x") -> bytes:
    """A pax header with right lengths."""
    return member(b"pax", b"".join(pax_record(key, value) for key, value in records), flag)


def pax_record(key: bytes, value: bytes) -> bytes:
    """One record, its length counted by trial."""
    rest = b" " + key + b"=" + value + b"\n"
    length = next(n for n in range(len(rest), len(rest) + 9) if n == len(rest) + len(str(n)))
    return b"%d" % length + rest


def walk(tar: bytes, limits: Limits = DEFAULT_LIMITS, step: int = 1 << 16) -> TarWalk:
    """A walk over bytes that arrive in pieces of `step`."""
    pieces = iter([tar[at : at + step] for at in range(0, len(tar), step)])
    return TarWalk(ByteQueue(lambda: next(pieces, b"")), limits, '"test.tar"')


def listed(tar: bytes, limits: Limits = DEFAULT_LIMITS) -> list[Entry]:
    """All entries; their contents are gone."""
    return list(walk(tar, limits))


def contents(
    tar: bytes, limits: Limits = DEFAULT_LIMITS, step: int = 1 << 16
) -> dict[bytes, bytes]:
    """The content of every entry by name."""
    return {entry.name: entry.read(1 << 30) for entry in walk(tar, limits, step)}


def entries(*files: NewFile) -> Iterable[Entry]:
    """The entries of a tar with these files."""
    from secure.images.write import layer_tar

    return walk(layer_tar(files))


def unpacked(
    tar: bytes, folder: Path, *, keep_owner: bool = False, limits: Limits = DEFAULT_LIMITS
) -> UnpackReport:
    """Unpack a tar into `folder`, which is made."""
    folder.mkdir(exist_ok=True)
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return unpack_layer(walk(tar, limits), fd, keep_owner=keep_owner, limits=limits)
    finally:
        os.close(fd)
