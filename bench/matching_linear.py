"""What matching costs as an image grows, and as the database does; draws docs/matching.svg.

The cost of a package must not grow with the number of packages, and that of an image hardly with
the number of advisories. A tenth of the packages are known, by names whose real records are in each
database: all of them find the same. Processor time, least of several runs taken in turn; memory of
a process of its own, over what it held with the facts alone, modules included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from picture import Line, chart
from runner import Figure, Goal, arguments

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))  # wherever we were started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts

_PICTURE = ROOT / "docs/matching.svg"
_PACKAGES = (50, 500, 5_000, 50_000)
_SMALL, _LARGE = 500, 5_000  # the images of the goals
# Sources of which all records are in the smallest database: from 15,000 on.
_TYPES = {"PyPI": "pypi", "Go": "golang", "crates.io": "cargo", "Maven": "maven"}
_PARTS = (8, 2, 1)  # the databases: an eighth of the records, a half, all
_TODAY = "2026-11-24"
_MIB = 1 << 20


def measure(records: int, runs: int) -> Figure:
    """Databases of an eighth, a half and all of `records` advisories, and images of each size."""
    with tempfile.TemporaryDirectory(prefix="secure-bench-") as temporary:
        bases = {size: _built(size, temporary) for size in (records // part for part in _PARTS)}
        names = _names(records // _PARTS[0])
        spent: dict[tuple[int, int], list[float]] = {}
        for _ in range(runs):
            for count in _PACKAGES:
                for size, path in bases.items():
                    spent.setdefault((size, count), []).append(_match(path, names, count)[0])
        opened = [_match(bases[records], names, _SMALL)[1] for _ in range(runs)]
        found = [_match(path, names, _LARGE)[2] for path in bases.values()]
        memory = _memory_mib(bases[records], names, _LARGE)
    least_ms = {key: min(series) * 1e3 for key, series in spent.items()}
    _PICTURE.write_text(_picture(least_ms, tuple(bases)), encoding="utf-8")
    return _figure(least_ms, tuple(bases), found, min(opened) * 1e3, memory)


def _figure(
    least_ms: dict[tuple[int, int], float],
    sizes: tuple[int, ...],
    found: list[int],
    open_ms: float,
    memory: float,
) -> Figure:
    lines = [f"{'packages':>10}" + "".join(f"{size:>12,}" for size in sizes) + "   advisories; ms"]
    for count in _PACKAGES:
        cells = "".join(f"{least_ms[size, count]:>12.2f}" for size in sizes)
        lines.append(f"{count:>10,}{cells}")
    counts = ", ".join(f"{count:,}" for count in found)
    lines.append(f"vulnerabilities found in {_LARGE:,} packages: {counts}")
    largest = sizes[-1]
    growth = least_ms[largest, 50_000] / least_ms[largest, 5_000] / 10
    flat = least_ms[largest, _LARGE] / least_ms[sizes[0], _LARGE]
    goals = (
        Goal(f"{_SMALL} packages", 15, (least_ms[largest, _SMALL],), " ms"),
        Goal(f"{_LARGE:,} packages", 100, (least_ms[largest, _LARGE],), " ms"),
        Goal("cold open", 5, (open_ms,), " ms"),
        Goal("cost of one of 50,000 packages, against one of 5,000", 1.2, (growth,)),
        Goal(f"{_LARGE:,} packages: a database {_PARTS[0]} times as large", 1.5, (flat,)),
        Goal(f"{_LARGE:,} packages: memory over the facts", 60, (memory,), " MiB"),
    )
    return Figure("matching", tuple(lines), goals)


def _picture(least_ms: dict[tuple[int, int], float], sizes: tuple[int, ...]) -> str:
    """More packages against the largest database; larger databases, asked for the same packages."""
    lines = [
        Line("more packages", tuple((n, least_ms[sizes[-1], n]) for n in _PACKAGES)),
        Line("more advisories", tuple((size, least_ms[size, _LARGE]) for size in sizes)),
    ]
    across = f"packages; advisories asked by {_LARGE:,} packages"
    return chart("Processor time of matching", across, "ms", lines)


def _built(records: int, folder: str) -> str:
    path = f"{folder}/{records}.db"
    script = str(Path(__file__).with_name("database_made.py"))
    data = str(ROOT.parent / "shared/data/osv")
    argv = [sys.executable, script, data, str(records), path]
    subprocess.run(argv, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return path


def _names(records: int) -> list[tuple[str, str]]:
    """(type, name) of every package that a database of `records` knows and an image can hold."""
    from database_made import SHARES, made  # it needs the path to our modules

    data = ROOT.parent / "shared/data/osv"
    found = set()
    for seed, (source, share) in enumerate(SHARES.items()):
        for advisory in made(data, source, int(records * share), seed):
            named = (one.package for one in advisory.affected or () if one.package)
            found |= {(_TYPES[p.ecosystem], p.name) for p in named if p.ecosystem in _TYPES}
    return sorted(found)


def _facts(names: list[tuple[str, str]], count: int) -> ImageFacts:
    """An image of AlmaLinux 8 with `count` packages, a tenth of them by these names."""
    from secure.facts.files import OsRelease
    from secure.facts.image import ConfigFacts, ImageFacts
    from secure.facts.location import Location
    from secure.facts.package import Package

    packages = []
    for number in range(count):
        kind, name = names[number // 10 % len(names)]
        if number % 10:
            kind, name = "rpm", f"none-{number}"
        group, _, short = name.rpartition(":") if kind == "maven" else ("", "", name)
        version = f"1.{number // 10 // len(names)}.0"
        made = Package(kind, short, version, Location("db", 0), "bench", namespace=group,
                       purl=f"pkg:{kind}/{group}/{short}@{version}")  # fmt: skip
        packages.append(made)
    return ImageFacts(
        reference="", digest="", config_digest="", config=ConfigFacts(), layers=(),
        packages=tuple(packages), files=(), secrets=(), accounts=(),
        os_release=OsRelease(id="almalinux", version_id="8"), unreadable=(), complete=True,
        entries=0, uncompressed_bytes=0, tool_version="", scanned_at="",
    )  # fmt: skip


def _match(path: str, names: list[tuple[str, str]], count: int) -> tuple[float, float, int]:
    """Seconds of processor to match, seconds to open, and how many are found."""
    from secure.vulns.database import open_database
    from secure.vulns.match import match

    facts = _facts(names, count)
    begun = time.perf_counter()
    with open_database(path) as database:
        opened = time.perf_counter() - begun
        begun = time.process_time()
        found = match(facts, database, _TODAY).vulnerabilities
        return time.process_time() - begun, opened, len(found)


def _memory_mib(path: str, names: list[tuple[str, str]], count: int) -> float:
    """Peak of a process that matches, less what it held with the facts."""
    argv = [sys.executable, __file__, "--child", path, str(count)]
    told = json.dumps(names).encode()
    done = subprocess.run(argv, input=told, capture_output=True, check=True)
    return int(done.stdout) / _MIB


def _child(path: str, count: int) -> None:
    facts = _facts([tuple(name) for name in json.load(sys.stdin)], count)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): forgets the peak
    from secure.vulns.database import open_database
    from secure.vulns.match import match

    with open_database(path) as database:
        found = match(facts, database, _TODAY)
    assert found.vulnerabilities  # noqa: S101 - nothing found is nothing measured
    print(_resident("VmHWM") - before)


def _resident(field: str) -> int:
    """Bytes of a line of /proc/self/status, which has KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(sys.argv[2], int(sys.argv[3]))
    else:
        given = arguments(__doc__ or "", ("--records", "of the largest database"), least=5)
        print(measure(int(given.records or 400_000), given.runs).text())
