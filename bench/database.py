"""The size of a database of all public advisories, what building it takes, and what a lookup takes.

Seconds depend on the machine: they are those of the processor, and lookups are shown beside reading
the same rows from a table by SQLite without us. What an export takes, only real records tell:
those of the sample here (database_sample.py), any others to real_database.py.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from itertools import groupby
from operator import itemgetter

import zstandard
from database_kept import FULL, built, kept_in
from database_sample import Sampled, exported, sampled
from runner import Figure, Goal, arguments

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.blocks import GROUP
from secure.vulns.contents import rebuild
from secure.vulns.database import open_database
from secure.vulns.parcel import read_head, read_parcel

_RANGES = 400_000
_LOOKUPS = 5_000
_PROSE = ("description",)
_MB = 1_000_000


def measure(records: int, runs: int, keep: str | None) -> Figure:
    """One database of `records` advisories made from ../shared/data/osv, and the sample itself."""
    with kept_in(keep) as folder:
        made = built(records, folder)
        pages, names = _contents(made.path)
        ranges = _ranges(made.path, names)
        size = os.path.getsize(made.path)
        opened, looked, raw = _lookups(made.path, names, runs)
        exporting_s, importing_s, parcel = _moved(made.path, f"{folder}/moved")
    real = sampled()
    scale, per_range = FULL / records, _RANGES / ranges
    bare = sum(size for name, size in pages.items() if name not in _PROSE)
    lines = [f"{records} records, {ranges} ranges, {len(names)} packages; by table, MB:"]
    lines += [f"  {name:<12} {size_of / _MB:8.1f}" for name, size_of in sorted(pages.items())]
    lines += [
        f"building: {made.cpu_s:.0f} s of processor, the making of the records included",
        f"open: {opened * 1000:.2f} ms",
        f"{_LOOKUPS} lookups, decoded: {looked * 1000:.0f} ms, rows alone: {raw * 1000:.0f} ms",
        f"export: {exporting_s:.0f} s of processor, {parcel / _MB:.1f} MB as prose comes again",
        f"import: {importing_s:.0f} s of processor",
        f"real records, exported: {real.whole:.0f} bytes each; of half as many {real.half:.0f}",
    ]
    goals = (
        Goal("400 k records with descriptions", 150, (size * scale / _MB,), " MB"),
        *_exports(real, ranges / records),
        Goal("400 k ranges without descriptions", 40, (bare * per_range / _MB,), " MB"),
        Goal("processor time of a build of 400 k", 180, (made.cpu_s * scale,), " s"),
        Goal("memory of the build", 500, (made.rss_mib,), " MiB"),
        Goal("open", 5, (opened * 1000,), " ms"),
    )
    return Figure("database", tuple(lines), goals)


def _exports(real: Sampled, ranges: float) -> tuple[Goal, ...]:
    """As if 400 k records resembled each other no more than those of the sample do: the most it is.

    Args:
        ranges: of a record.
    """
    slim = real.slim * FULL / _MB
    return (
        Goal("400 k records exported without details", 40, (slim,), " MB"),
        Goal("400 k ranges, the same", 10, (slim / FULL * _RANGES / ranges,), " MB"),
    )


def _contents(path: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Bytes by table, and every (ecosystem, package)."""
    connection = sqlite3.connect(path)
    pages = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    rows = connection.execute(
        "SELECT ecosystem.name, content FROM affected JOIN ecosystem"
        " ON ecosystem.number = affected.ecosystem"
    )
    (known,) = connection.execute("SELECT value FROM meta WHERE name = 'dictionary'").fetchone()
    unpack = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(known)).decompress
    names = [(name, one) for name, content in rows for one in GROUP.decode(unpack(content))]
    connection.close()
    return pages, names


def _ranges(path: str, names: list[tuple[str, str]]) -> int:
    with open_database(path) as found:
        return sum(len(one.ranges) for name in names for one in found.affected(*name))


def _lookups(path: str, names: list[tuple[str, str]], runs: int) -> tuple[float, float, float]:
    """Least seconds: opening; packages by name in their order; their rows without decoding."""
    some = sorted(random.Random(7).sample(names, min(_LOOKUPS, len(names))))  # noqa: S311
    opened, looked, raw = [], [], []
    for _ in range(runs):
        begun = time.perf_counter()
        found = open_database(path)
        opened.append(time.perf_counter() - begun)
        begun = time.process_time()
        for ecosystem, group in groupby(some, itemgetter(0)):
            found.affected_by_name(ecosystem, [name for _, name in group])
        looked.append(time.process_time() - begun)
        found.close()
        raw.append(_rows_alone(path, some))
    return min(opened), min(looked), min(raw)


def _moved(path: str, target: str) -> tuple[float, float, int]:
    """Seconds of processor to export and to import, and the bytes between."""
    begun = time.process_time()
    size = exported(path, target, details=True)
    written = time.process_time()
    with open(target, "rb") as source:
        head = read_head(source, target)
        rebuild(read_parcel(head.waybill, source, DEFAULT_LIMITS, target), f"{target}.db", target)
    done = time.process_time()
    os.unlink(target)
    os.unlink(f"{target}.db")
    return written - begun, done - written, size


def _rows_alone(path: str, some: list[tuple[str, str]]) -> float:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    numbers = dict(connection.execute("SELECT name, number FROM ecosystem"))
    query = (
        "SELECT content FROM affected WHERE ecosystem = ? AND first <= ?"
        " ORDER BY first DESC LIMIT 1"
    )
    begun = time.process_time()
    for ecosystem, name in some:
        connection.execute(query, (numbers[ecosystem], name)).fetchone()
    spent = time.process_time() - begun
    connection.close()
    return spent


if __name__ == "__main__":
    given = arguments(
        __doc__ or "",
        ("--records", f"how many; usually {FULL}"),
        ("--keep", "a folder to keep the database in"),
        least=5,
    )
    print(measure(int(given.records or FULL), given.runs, given.keep).text())
