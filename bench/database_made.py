"""Advisories by the hundred thousand in the likeness of real ones, and a database of them.

Run by database.py, as a process of its own. Each record keeps the shape of a real one: packages,
bounds, listed versions, prose, references. Digits, and every other letter of package names, are
drawn anew or changed, so that ids, names, versions and hashes are as many as they would be. Records
come by source, as exports do. Of a distribution's, with 13 packages each, one in ten is taken: most
records of OSV have one or two.
"""

from __future__ import annotations

import lzma
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.build import Content, Feed, build
from secure.vulns.osv import Advisory, read

SHARES = {
    "almalinux.jsonl.xz": 0.10,
    "crates-rustsec.jsonl.xz": 0.15,
    "ghsa-maven-mixed.jsonl.xz": 0.15,
    "go-vulndb.jsonl.xz": 0.30,
    "pypi-pysec.jsonl.xz": 0.30,
}
# Escapes, dates and the version of the schema stay.
_DIGITS = re.compile(
    rb'\\u[0-9a-fA-F]{4}|"(?:modified|published|schema_version)":\s?"[^"]*"|"0"|[0-9]+'
)
_NAME = re.compile(rb'("name":\s?")([^"\\]+)')


def made(folder: Path, source: str, count: int, seed: int) -> Iterator[Advisory]:
    """`count` records in the likeness of those of one source."""
    with lzma.open(folder / source) as file:
        lines = [line for line in file if b'"withdrawn"' not in line]
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    for number in range(count):
        raw = lines[number % len(lines)]
        if number >= len(lines):
            raw = _other(raw, draw)
        found = read(raw, DEFAULT_LIMITS)
        if isinstance(found, Advisory):
            yield msgspec.structs.replace(found, id=f"{found.id}-{number}")


def _other(raw: bytes, draw: random.Random) -> bytes:
    head, at, tail = raw.partition(b'"affected"')
    more = draw.randrange(1, 10)
    text = _NAME.sub(lambda hit: hit[1] + _renamed(hit[2], draw), tail)
    text = _DIGITS.sub(lambda hit: _drawn(hit[0], draw, more), text)
    return head + at + text


def _renamed(name: bytes, draw: random.Random) -> bytes:
    letters = bytearray(name)
    for place in range(0, len(letters), 2):
        if chr(letters[place]).isalpha():
            letters[place] = draw.randrange(97, 123)
    return bytes(letters)


def _drawn(digits: bytes, draw: random.Random, more: int) -> bytes:
    """Parts of versions all grow by the same, so that listed versions stay in their ranges."""
    if not digits.isdigit() or (len(digits) < 5 and digits.startswith(b"0")):
        return digits
    if len(digits) < 5:
        return b"%d" % (int(digits) + more)
    least = 10 ** (len(digits) - 1)
    return b"%d" % draw.randrange(least, 10 * least)


def main(folder: str, count: str, path: str) -> None:
    """Build a database of `count` records at `path`."""
    feeds = (
        Feed(
            f"osv{number}/{name}",
            made(Path(folder), name, int(int(count) * share), number),
            Content(),
        )
        for number, (name, share) in enumerate(SHARES.items())
    )
    build(path, feeds, "2026-01-01T00:00:00Z")


if __name__ == "__main__":
    main(*sys.argv[1:])
