"""Advisories by the hundred thousand in the likeness of real ones, and a database of them.

Run as a process of its own. The real records of a source are taken in rounds, each round with its
own names, numbers, hashes and versions: drawn once, and then the same wherever they stand in the
round, as a CVE's number stands among the aliases, in the prose and in the references of several
records. `likeness.py` measures how like they are. Records come by source, as exports do. Of a
distribution's, with 13 packages each, one in ten is taken: most records of OSV have one or two.
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

# GHSA's reviewed records are 7 % of OSV's; of its sample of 421 more would repeat within a block.
SHARES = {
    "almalinux.jsonl.xz": 0.10,
    "crates-rustsec.jsonl.xz": 0.15,
    "ghsa-maven-mixed.jsonl.xz": 0.07,
    "go-vulndb.jsonl.xz": 0.34,
    "pypi-pysec.jsonl.xz": 0.34,
}
# What is no name, number or version of a record stays: escapes, dates, ecosystems, CVSS vectors.
_CHANGED = re.compile(
    rb'\\u[0-9a-fA-F]{4}|"(?:modified|published|schema_version|ecosystem)":\s?"[^"]*"'
    rb'|CVSS:[\w./:]+|"0"|GHSA(?:-[0-9a-z]{4}){3}|\b[0-9a-f]{16,64}\b|[0-9]+'
)
_NAME = re.compile(rb'("name":\s?")([^"\\]+)')
_GHSA = b"23456789cfghjmpqrvwx"


def made(folder: Path, source: str, count: int, seed: int) -> Iterator[Advisory]:
    """`count` records in the likeness of those of one source."""
    lines = sample(folder, source)
    for number in range(count):
        turn, place = divmod(number, len(lines))
        if place == 0:
            changed = Round(seed, turn)
        raw = changed.other(lines[place]) if turn else lines[place]
        found = read(raw, DEFAULT_LIMITS)
        if isinstance(found, Advisory):
            yield msgspec.structs.replace(found, id=f"{found.id}-{number}")


def sample(folder: Path, source: str) -> list[bytes]:
    """The real records of one source."""
    with lzma.open(folder / source) as file:
        return [line for line in file if b'"withdrawn"' not in line]


class Round:
    """What stands for what in one round over the records of a source."""

    def __init__(self, seed: int, turn: int) -> None:
        self._seed = f"{seed} {turn} ".encode()
        self._more = turn % 9 + 1
        self._known: dict[bytes, bytes] = {}
        self._names: dict[bytes, bytes] = {}

    def other(self, raw: bytes) -> bytes:
        """The record that stands for `raw`."""
        text = _NAME.sub(lambda hit: hit[1] + self._renamed(hit[2]), raw)
        return _CHANGED.sub(lambda hit: self._drawn(hit[0]), text)

    def _renamed(self, name: bytes) -> bytes:
        """Every other letter is another one."""
        if name not in self._names:
            draw = self._draw(name)
            self._names[name] = bytes(
                draw.randrange(97, 123) if place % 2 == 0 and chr(letter).isalpha() else letter
                for place, letter in enumerate(name)
            )
        return self._names[name]

    def _drawn(self, word: bytes) -> bytes:
        """Parts of versions all grow by the same, so that listed versions stay in their ranges."""
        if word.isdigit() and len(word) < 5:
            return word if word.startswith(b"0") else b"%d" % (int(word) + self._more)
        if not word[:1].isalnum() or word.startswith(b"CVSS"):
            return word
        if word not in self._known:
            self._known[word] = self._other_word(word)
        return self._known[word]

    def _other_word(self, word: bytes) -> bytes:
        draw = self._draw(word)
        if word.startswith(b"GHSA"):
            parts = (bytes(draw.choices(_GHSA, k=4)) for _ in range(3))
            return b"-".join((b"GHSA", *parts))
        if word.isdigit():
            least = 10 ** (len(word) - 1)
            return b"%d" % draw.randrange(least, 10 * least)
        return b"%0*x" % (len(word), draw.getrandbits(4 * len(word)))

    def _draw(self, word: bytes) -> random.Random:
        return random.Random(self._seed + word)  # noqa: S311 - not for secrets


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
