"""Executables of any size in one pass: the beginning, and what the headers and marks point to.

head (read anyway for secrets) │ the rest, once, in chunks
───────────────────────────────┼──────────────────────────────────────────────────────────
headers: which ranges to keep ─▶ ranges: the dynamic table, resources
                                 marks:  Go build information, Rust dependency lists
                                 tail:   section headers
                                 and each chunk goes to the classifiers
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache

import hyperscan

from secure.images.entry import Entry
from secure.oci.limits import KIB
from secure.scan.formats.elf import MAGIC as ELF_MAGIC
from secure.scan.formats.elf import PT_DYNAMIC, PT_NOTE, parse_elf
from secure.scan.formats.go_build import GO_MAGIC, MODULES_MARK
from secure.scan.formats.pe import parse_pe
from secure.scan.formats.pieces import FormatError, Pieces

_CHUNK = 512 * KIB
_LEAST = 128 * KIB  # sparse files come in pieces of any size
_OVERLAP = 4 * KIB  # so that nothing short is cut in two
_RANGE = 512 * KIB  # kept of one range or behind one mark
_MOST_RANGES = 8
_MOST_TRIES = 20_000  # 3 us each; 100 MiB of random bytes have 3,200 such heads
# What cargo-auditable's compressor begins with, at its level 7: now, and before it told levels.
_RUST_HEADS = (b"\x78\xda", b"\x78\x01")
_HEADS = (*_RUST_HEADS, GO_MAGIC, MODULES_MARK)
_RUST_START = b'{"packages":['


class _Range:
    """Bytes from `start` up to `end`, as far as they have come."""

    __slots__ = ("content", "end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start, self.end, self.content = start, end, bytearray()

    def take(self, at: int, chunk: bytes) -> None:
        """A chunk that begins at `at`; chunks come in order and may overlap."""
        first = self.start + len(self.content)
        if at <= first < at + len(chunk) and first < self.end:
            self.content += chunk[first - at : self.end - at]


def kept_parts(
    entry: Entry,
    head: bytes,
    look: Callable[[bytes], None],
    count: Callable[[bytes], None] | None = None,
) -> Pieces:
    """What is kept of an executable; its content is read to the end.

    Args:
        head: what was read already: all of it, or its beginning.
        look: is shown all content, in pieces that overlap.
        count: is given all content, each byte once.
    """
    look(head)
    if count is not None:
        count(head)
    size = entry.size
    if size <= len(head):
        return Pieces(head)
    ranges = [_Range(start, min(end, start + _RANGE)) for start, end in _wanted(head, size)]
    ranges = ranges[: _MOST_RANGES // 2]
    at, before = len(head), head[-_OVERLAP:]
    marks = _Marks()
    last = [b""]
    while chunk := _next(entry):
        if count is not None:
            count(chunk)
        # Joined with what was before it, every byte of a chunk would be copied once more.
        for start, piece in ((at - len(before), before + chunk[:_OVERLAP]), (at, chunk)):
            for mark in marks.found(piece):
                if len(ranges) < _MOST_RANGES and not any(
                    r.start <= start + mark < r.end for r in ranges
                ):
                    ranges.append(_Range(start + mark, min(size, start + mark + _RANGE)))
            for one in ranges:
                one.take(start, piece)
            look(piece)
        at += len(chunk)
        before = chunk[-_OVERLAP:]
        last = [*last[-2:], chunk]
    tail = b"".join(last)
    kept = [(one.start, bytes(one.content)) for one in ranges if one.content]
    return Pieces(head, size, (*sorted(kept), (size - len(tail), tail)))


def _next(entry: Entry) -> bytes:
    """The next bytes of `entry`, a whole `_CHUNK` only where it costs no copy."""
    piece = entry.some(_CHUNK)
    return piece if not 0 < len(piece) < _LEAST else piece + entry.read(_LEAST)


def _wanted(head: bytes, size: int) -> list[tuple[int, int]]:
    """Ranges beyond the head that the headers point to."""
    pieces = Pieces(head, size)
    found: list[tuple[int, int]] = []
    try:
        if head.startswith(ELF_MAGIC):
            found = [
                (one.offset, one.offset + one.filesz)
                for one in parse_elf(pieces).segments
                if one.type in (PT_DYNAMIC, PT_NOTE)
            ]
        elif (pe := parse_pe(pieces)) is not None and pe.resources:
            at = pe.place(pe.resources)
            found = [(at, at + _RANGE)]
    except FormatError:
        return []  # whoever reads the pieces meets the same error, and reports it
    return [(start, end) for start, end in found if end > len(head)]


class _Marks:
    """Finds where something begins that no header of the head points to; use it for one file."""

    __slots__ = ("_tries",)

    def __init__(self) -> None:
        self._tries = 0

    def found(self, chunk: bytes) -> list[int]:
        """Offsets of Go's marks, and of compressed dependencies; no more than can be afforded."""
        hits: list[tuple[int, int]] = []

        def keep(mark: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            hits.append((mark, end))
            return len(hits) > _MOST_TRIES  # true ends the search

        with suppress(hyperscan.ScanTerminated):
            _heads().scan(chunk, match_event_handler=keep)
        found: list[int] = []
        for mark, end in hits:
            at = end - len(_HEADS[mark])
            if mark >= len(_RUST_HEADS):
                found.append(at)
            elif self._tries < _MOST_TRIES:
                self._tries += 1
                if begins_dependencies(chunk[at : at + 256]):
                    found.append(at)
        return found


@cache
def _heads() -> hyperscan.Database:
    """All of `_HEADS`, found at five times the speed of four `bytes.find`."""
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    literals = [b"".join(b"\\x%02x" % byte for byte in head) for head in _HEADS]
    made.compile(expressions=literals, ids=list(range(len(literals))), elements=len(literals))
    return made


def begins_dependencies(content: bytes) -> bool:
    """Whether a compressed list of Rust dependencies begins here."""
    try:
        start = zlib.decompressobj().decompress(content, len(_RUST_START))
    except zlib.error:
        return False
    return start == _RUST_START
