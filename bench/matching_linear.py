"""What matching costs as an image grows, and as the database does; draws docs/matching.svg.

The cost of a package must not grow with the number of packages, and that of an image hardly with
the number of advisories. Half of the packages are the distribution's, the others of languages; of
the first, half are known to each database by name, of the second a tenth. One in twenty is so old
that whatever was fixed affects it. All databases find the same. Processor time, least of several
runs taken in turn; memory of a process of its own, over what it held with the facts alone,
modules included. A cold open has none of the file in memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from database_kept import FULL, SAMPLE, built, kept_in
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
_TYPES = {"PyPI": "pypi", "Go": "golang", "crates.io": "cargo", "Maven": "maven",
          "AlmaLinux:8": "rpm"}  # fmt: skip
_PARTS = (8, 2, 1)  # the databases: an eighth of the records, a half, all
_TODAY = "2026-11-24"
_MIB = 1 << 20


def measure(records: int, runs: int, keep: str | None) -> Figure:
    """Databases of an eighth, a half and all of `records` advisories, and images of each size."""
    with kept_in(keep) as folder:
        sizes = (records // part for part in _PARTS)
        bases = {size: built(size, folder).path for size in sizes}
        names = _names(records // _PARTS[0])
        spent: dict[tuple[int, int], list[float]] = {}
        for _ in range(runs):
            for count in _PACKAGES:
                for size, path in bases.items():
                    spent.setdefault((size, count), []).append(_match(path, names, count)[0])
        opened = [_open_cold(bases[records]) for _ in range(runs)]
        found = [_match(path, names, _LARGE)[1] for path in bases.values()]
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


def _names(records: int) -> list[tuple[str, str]]:
    """(type, name) of every package that a database of `records` knows and the image can hold."""
    from database_made import SHARES, made  # it needs the path to our modules

    found = set()
    for seed, (source, share) in enumerate(SHARES.items()):
        for advisory in made(SAMPLE, source, int(records * share), seed):
            named = (one.package for one in advisory.affected or () if one.package)
            found |= {(_TYPES[p.ecosystem], p.name) for p in named if p.ecosystem in _TYPES}
    return sorted(found)


def _facts(names: list[tuple[str, str]], count: int) -> ImageFacts:
    """An image of AlmaLinux 8 with `count` packages: see above."""
    from secure.facts.files import OsRelease
    from secure.facts.image import ConfigFacts, ImageFacts
    from secure.facts.location import Location
    from secure.facts.package import Package

    ours = [one for one in names if one[0] == "rpm"]
    others = [one for one in names if one[0] != "rpm"]
    packages = []
    for number in range(count):
        known, step = (others, 20) if number % 2 else (ours, 4)
        kind, name = known[number * len(known) // count]
        if number % step > 1:
            name = f"{name}-none"  # unknown ones are anywhere among the known
        version = f"0.0.{number}" if number // 20 % 20 == 0 else f"99999.{number}.0"
        if kind == "rpm":
            version = f"{99 if version > '9' else 0}:{version}-1.el8"
        group, _, short = name.rpartition(":") if kind == "maven" else ("", "", name)
        made = Package(kind, short, version, Location("db", 0), "bench", namespace=group,
                       purl=f"pkg:{kind}/{group}/{short}@{version}")  # fmt: skip
        packages.append(made)
    return ImageFacts(
        reference="", digest="", config_digest="", config=ConfigFacts(), layers=(),
        packages=tuple(packages), files=(), secrets=(), accounts=(),
        os_release=OsRelease(id="almalinux", version_id="8"), unreadable=(), complete=True,
        entries=0, uncompressed_bytes=0, tool_version="", scanned_at="",
    )  # fmt: skip


def _match(path: str, names: list[tuple[str, str]], count: int) -> tuple[float, int]:
    """Seconds of processor to match, and how many are found."""
    from secure.vulns.database import open_database
    from secure.vulns.match import match

    facts = _facts(names, count)
    with open_database(path) as database:
        begun = time.process_time()
        found = match(facts, database, _TODAY).vulnerabilities
        return time.process_time() - begun, len(found)


def _open_cold(path: str) -> float:
    """Seconds to open a file of which nothing is in memory."""
    from secure.vulns.database import open_database

    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    begun = time.perf_counter()
    with open_database(path):
        return time.perf_counter() - begun


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
        given = arguments(
            __doc__ or "",
            ("--records", f"of the largest database; usually {FULL}"),
            ("--keep", "a folder to keep the databases in"),
            least=5,
        )
        print(measure(int(given.records or FULL), given.runs, given.keep).text())
