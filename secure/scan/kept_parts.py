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

from secure.images.entry import Entry
from secure.oci.limits import KIB
from secure.scan.formats.elf import MAGIC as ELF_MAGIC
from secure.scan.formats.elf import PT_DYNAMIC, PT_NOTE, parse_elf
from secure.scan.formats.go_build import GO_MAGIC, MODULES_MARK
from secure.scan.formats.pe import parse_pe
from secure.scan.formats.pieces import FormatError, Pieces

_CHUNK = 256 * KIB
_OVERLAP = 4 * KIB  # so that nothing short is cut in two
_RANGE = 512 * KIB  # kept of one range or behind one mark
_MOST_RANGES = 8
_MOST_TRIES = 20_000  # 3 us each; 100 MiB of random bytes have 3,200 such heads
# What cargo-auditable's compressor begins with, at its level 7: now, and before it told levels.
_RUST_HEADS = (b"\x78\xda", b"\x78\x01")
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


def kept_parts(entry: Entry, head: bytes, look: Callable[[bytes], None]) -> Pieces:
    """What is kept of an executable; its content is read to the end.

    Args:
        head: what was read already: all of it, or its beginning.
        look: is shown all content, in pieces that overlap.
    """
    look(head)
    size = entry.size
    if size <= len(head):
        return Pieces(head)
    ranges = [_Range(start, min(end, start + _RANGE)) for start, end in _wanted(head, size)]
    ranges = ranges[: _MOST_RANGES // 2]
    at, before = len(head), head[-_OVERLAP:]
    marks = _Marks()
    previous = last = b""
    while chunk := entry.read(_CHUNK):
        joined = before + chunk
        start = at - len(before)
        for mark in marks.found(joined):
            if len(ranges) < _MOST_RANGES and not any(
                r.start <= start + mark < r.end for r in ranges
            ):
                ranges.append(_Range(start + mark, min(size, start + mark + _RANGE)))
        for one in ranges:
            one.take(start, joined)
        look(joined)
        at += len(chunk)
        before = joined[-_OVERLAP:]
        previous, last = last, chunk
    tail = previous + last
    kept = [(one.start, bytes(one.content)) for one in ranges if one.content]
    return Pieces(head, size, (*sorted(kept), (size - len(tail), tail)))


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
    """Finds where something begins that no header of the head points to."""

    __slots__ = ("_tries",)

    def __init__(self) -> None:
        self._tries = 0

    def found(self, chunk: bytes) -> list[int]:
        """Offsets of Go's marks, and of compressed dependencies; no more than can be afforded."""
        found = [at for mark in (GO_MAGIC, MODULES_MARK) if (at := chunk.find(mark)) >= 0]
        for head in _RUST_HEADS:
            at = chunk.find(head)
            while at >= 0 and self._tries < _MOST_TRIES:
                self._tries += 1
                if begins_dependencies(chunk[at : at + 256]):
                    found.append(at)
                at = chunk.find(head, at + 1)
        return found


def begins_dependencies(content: bytes) -> bool:
    """Whether a compressed list of Rust dependencies begins here."""
    try:
        start = zlib.decompressobj().decompress(content, len(_RUST_START))
    except zlib.error:
        return False
    return start == _RUST_START
