"""What a scan costs as an image grows in entries, in packages, in layers; draws docs/linear.svg.

A cost is linear where ten times as much takes at most ten times as long: each step is compared with
the one before it. Processor time, since it is that which grows; memory of the largest process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callers import as_caller, caller, ordinary
from installed import ROOT, Installed, installed
from many import entries_image, layers_image, packages_image
from picture import Line, chart
from runner import Command, Figure, Goal, Series, arguments, interleave

LEAST_RUNS = 3
_FOLDER = Path("/var/tmp/secure-bench-many")  # noqa: S108 - made here, only read
_PICTURE = ROOT / "docs/linear.svg"
_MOST_MIB, _MOST_S = 400, 120
_SLACK = 1.2  # a step may cost so much more than its share


@dataclass(frozen=True)
class _Family:
    """Images that grow in one way."""

    name: str
    sizes: tuple[int, ...]
    make: Callable[[Path, int], Path]


def _entries(folder: Path, count: int) -> Path:
    return entries_image(folder, count, 3 if count > 1_000_000 else 1)


_FAMILIES = (
    _Family("entries", (10_000, 100_000, 1_000_000, 3_000_000), _entries),
    _Family("packages", (500, 5_000, 50_000), packages_image),
    _Family("layers", (1, 10, 74), layers_image),
)


def measure(product: Installed, runs: int) -> Figure:
    """The figure, as the ordinary user; the images are made once."""
    _FOLDER.mkdir(exist_ok=True)
    images = {
        f"{size:,} {family.name}": str(family.make(_FOLDER, size))
        for family in _FAMILIES
        for size in family.sizes
    }
    with caller(ordinary()) as who:

        def forget() -> None:
            shutil.rmtree(f"{who.home}/cache/secure/layers", ignore_errors=True)

        commands = [
            Command(
                name, (product.secure, "scan", "--format", "json", path), who.env, before=forget
            )
            for name, path in images.items()
        ]
        found = as_caller(who, lambda: interleave(commands, runs))
    _PICTURE.write_text(_picture(found), encoding="utf-8")
    return Figure("linear", _table(found), _goals(found))


def _series(found: dict[str, Series], family: _Family) -> list[tuple[int, Series]]:
    return [(size, found[f"{size:,} {family.name}"]) for size in family.sizes]


def _cpu_ms(series: Series) -> float:
    return min(sample.cpu_ms for sample in series.samples)


def _goals(found: dict[str, Series]) -> tuple[Goal, ...]:
    goals = []
    for family in _FAMILIES:
        (size, before), (large, last) = _series(found, family)[-2:]
        growth = _cpu_ms(last) / _cpu_ms(before) / (large / size)
        what = f"{large:,} {family.name}: cost of each, against one of {size:,}"
        goals.append(Goal(what, _SLACK, (growth,)))
    largest = found["3,000,000 entries"]
    return (
        *goals,
        Goal(
            "3,000,000 entries: memory of the largest process",
            _MOST_MIB,
            (largest.rss_mib,),
            " MiB",
        ),
        Goal("3,000,000 entries", _MOST_S, (largest.least_ms / 1e3, largest.median_ms / 1e3), " s"),
    )


def _table(found: dict[str, Series]) -> tuple[str, ...]:
    width = max(map(len, found))
    rows = [f"{'':<{width}}  {'min ms':>9} {'median':>9} {'cpu min':>9} {'MiB':>6}"]
    for name, series in found.items():
        rows.append(
            f"{name:<{width}}  {series.least_ms:>9.0f} {series.median_ms:>9.0f} "
            f"{_cpu_ms(series):>9.0f} {series.rss_mib:>6.0f}"
        )
    return tuple(rows)


def _picture(found: dict[str, Series]) -> str:
    lines = [
        Line(family.name, tuple((size, _cpu_ms(one) / 1e3) for size, one in _series(found, family)))
        for family in _FAMILIES
    ]
    return chart("Processor time of a scan", "entries, packages or layers", "s", lines)


if __name__ == "__main__":
    given = arguments(__doc__ or "", least=LEAST_RUNS)
    with installed() as product_here:
        print(measure(product_here, given.runs).text())
