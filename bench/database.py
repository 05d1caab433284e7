"""The size of a database of all public advisories, what building it takes, and what a lookup takes.

Seconds depend on the machine: those of a build are its processor time, and lookups are shown as a
ratio to reading the same rows from a table by SQLite without us.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import zstandard
from runner import Figure, Goal, arguments

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))  # wherever we were started

from secure.vulns.blocks import GROUP  # noqa: E402
from secure.vulns.database import open_database  # noqa: E402

_RECORDS = 400_000
_RANGES = 400_000
_LOOKUPS = 5_000
_PROSE = ("description",)
_MB = 1_000_000


def measure(records: int, runs: int) -> Figure:
    """Build one database of `records` advisories made from ../shared/data/osv, and read it."""
    folder = ROOT.parent / "shared/data/osv"
    with tempfile.TemporaryDirectory(prefix="secure-bench-") as temporary:
        path = f"{temporary}/made.db"
        cpu_s, rss_mib = _build(folder, records, path)
        pages, names = _contents(path)
        ranges = _ranges(path, names)
        scale, per_range = _RECORDS / records, _RANGES / ranges
        bare = sum(size for name, size in pages.items() if name not in _PROSE)
        size = os.path.getsize(path)
        packed = _compressed(path)
        opened, looked, raw = _lookups(path, names, runs)
    lines = [f"{records} records, {ranges} ranges, {len(names)} packages; by table, MB:"]
    lines += [f"  {name:<12} {size_of / _MB:8.1f}" for name, size_of in sorted(pages.items())]
    lines += [
        f"building: {cpu_s:.0f} s of processor, the making of the records included",
        f"open: {opened * 1000:.2f} ms",
        f"{_LOOKUPS} lookups, decoded: {looked * 1000:.0f} ms, rows alone: {raw * 1000:.0f} ms",
    ]
    goals = (
        Goal("400 k records with descriptions", 150, (size * scale / _MB,), " MB"),
        Goal("the same, compressed", 40, (packed * scale / _MB,), " MB"),
        Goal("400 k ranges without descriptions", 40, (bare * per_range / _MB,), " MB"),
        Goal("processor time of a build of 400 k", 180, (cpu_s * scale,), " s"),
        Goal("memory of the build", 500, (rss_mib,), " MiB"),
        Goal("cold open", 5, (opened * 1000,), " ms"),
    )
    return Figure("database", tuple(lines), goals)


def _build(folder: Path, records: int, path: str) -> tuple[float, float]:
    """Seconds of processor and MiB of a process that builds it."""
    script = str(Path(__file__).with_name("database_made.py"))
    argv = [sys.executable, script, str(folder), str(records), path]
    child = os.posix_spawn(sys.executable, argv, {**os.environ, "PYTHONPATH": str(ROOT)})
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError("the database was not built")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


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


def _compressed(path: str) -> int:
    with open(path, "rb") as file, open(os.devnull, "wb") as nowhere:
        return zstandard.ZstdCompressor(level=15).copy_stream(file, nowhere)[1]


def _lookups(path: str, names: list[tuple[str, str]], runs: int) -> tuple[float, float, float]:
    """Medians, seconds: opening; packages by name in their order; their rows without decoding."""
    some = sorted(random.Random(7).sample(names, min(_LOOKUPS, len(names))))  # noqa: S311
    opened, looked, raw = [], [], []
    for _ in range(runs):
        begun = time.perf_counter()
        found = open_database(path)
        opened.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        for ecosystem, name in some:
            found.affected(ecosystem, name)
        looked.append(time.perf_counter() - begun)
        found.close()
        raw.append(_rows_alone(path, some))
    return median(opened), median(looked), median(raw)


def _rows_alone(path: str, some: list[tuple[str, str]]) -> float:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    numbers = dict(connection.execute("SELECT name, number FROM ecosystem"))
    query = (
        "SELECT content FROM affected WHERE ecosystem = ? AND first <= ?"
        " ORDER BY first DESC LIMIT 1"
    )
    begun = time.perf_counter()
    for ecosystem, name in some:
        connection.execute(query, (numbers[ecosystem], name)).fetchone()
    spent = time.perf_counter() - begun
    connection.close()
    return spent


if __name__ == "__main__":
    given = arguments(__doc__ or "", ("--records", f"how many; usually {_RECORDS}"), least=5)
    print(measure(int(given.records or _RECORDS), given.runs).text())
