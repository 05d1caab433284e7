"""What a database of real records takes, by how many there are, and what 400,000 would take.

    python bench/real_database.py FOLDER...

The folders have what `secure db build --from` reads. A part is drawn by a hash of the ids, so that
its mix is that of the whole. What an exported record takes falls as there are more that resemble
it: from the fall by the last doubling follows what 400,000 of this mix take.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import log2
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))  # wherever we were started

import msgspec  # noqa: E402 - after the path, as the others
from database_kept import FULL  # noqa: E402
from database_sample import exported  # noqa: E402
from runner import Figure, Goal  # noqa: E402

from secure.oci.limits import DEFAULT_LIMITS  # noqa: E402
from secure.vulns.build import Feed, build  # noqa: E402
from secure.vulns.contents import rebuild  # noqa: E402
from secure.vulns.database import open_database  # noqa: E402
from secure.vulns.native import feed_of, is_native  # noqa: E402
from secure.vulns.osv import Advisory  # noqa: E402
from secure.vulns.parcel import read_head, read_parcel  # noqa: E402
from secure.vulns.records import files  # noqa: E402

_PARTS = 8
_MB = 1_000_000
_LEAST = 1_000  # records of a source that is shown by itself


@dataclass(frozen=True)
class Made:
    """A database and its exports: bytes, seconds of processor, and MiB of the largest process."""

    records: int
    size: int
    whole: int
    slim: int
    cpu_s: tuple[float, ...]
    rss_mib: tuple[float, ...]

    @property
    def line(self) -> str:
        each = (f"{size / self.records:8.1f}" for size in (self.size, self.whole, self.slim))
        spent = (f"{s:5.0f}{m:5.0f}" for s, m in zip(self.cpu_s, self.rss_mib, strict=True))
        return f"{self.records:8}{''.join(each)}{''.join(spent)}"


def measure(folders: list[str]) -> Figure:
    """The curve, then each source by itself."""
    found = [path for folder in folders for path in files(folder, is_native)]
    head = "records    file   whole    slim build MiB export MiB import MiB"
    lines = ["bytes a record: file, exported, without details; seconds of processor", head]
    with TemporaryDirectory(prefix="secure-bench-") as folder:
        curve = [_made(folder, part, found) for part in (1, 2, 4, _PARTS)]
        lines += [one.line for one in curve]
        for path in found:
            alone = _made(folder, _PARTS, [path])
            if alone.records >= _LEAST:
                lines.append(f"{alone.line}  {os.path.basename(path)}")
    half, whole = curve[-2:]
    falls = (whole.whole / whole.records) / (half.whole / half.records)
    flat = whole.whole / whole.records * FULL / _MB
    doublings = log2(FULL / whole.records)
    goals = (
        Goal("400 k records exported, each as now", 40, (flat,), " MB"),
        Goal("the same, by the last doubling", 40, (flat * falls**doublings,), " MB"),
        Goal("memory of build, export and import", 500, (max(whole.rss_mib),), " MiB"),
    )
    return Figure("real database", tuple(lines), goals)


def _made(folder: str, part: int, paths: list[str]) -> Made:
    """Built, exported and imported, each in a process of its own."""
    path, target = f"{folder}/one.db", f"{folder}/parcel"
    spent = [_process("build", path, str(part), *paths), _process("export", path, target)]
    whole = os.path.getsize(target)
    spent.append(_process("import", target, f"{folder}/other.db"))
    with open_database(path) as database:
        records = database.status().records
    slim = exported(path, target, details=False)
    return Made(max(records, 1), os.path.getsize(path), whole, slim, *zip(*spent, strict=True))


def _process(*words: str) -> tuple[float, float]:
    argv = [sys.executable, __file__, "--step", *words]
    child = os.posix_spawn(sys.executable, argv, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"{words[0]} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _step(step: str, path: str, *words: str) -> None:
    """What one of the processes does."""
    if step == "build":
        feeds = [feed_of(one, DEFAULT_LIMITS) for one in words[1:]]
        build(path, map(partial(_part, int(words[0])), feeds), "2100-01-01T00:00:00Z")
    elif step == "export":
        exported(path, words[0], details=True)
    else:
        with open(path, "rb") as source:
            pieces = read_parcel(read_head(source, path).waybill, source, DEFAULT_LIMITS, path)
            rebuild(pieces, words[0], path)


def _part(part: int, feed: Feed) -> Feed:
    """Of the feed's records so many eighths."""
    return msgspec.structs.replace(feed, entries=_drawn(part, feed))


def _drawn(part: int, feed: Feed) -> Iterator[Advisory]:
    for entry in feed.entries:
        if isinstance(entry, Advisory) and blake2b(entry.id.encode()).digest()[0] % _PARTS < part:
            yield entry


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        _step(*sys.argv[2:])
    elif sys.argv[1:]:
        print(measure(sys.argv[1:]).text())
    else:
        sys.exit(__doc__)
