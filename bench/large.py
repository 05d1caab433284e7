"""Scan of a 1.6 GB image against the least that checking its layers can cost; see `large_image`.

The floor decompresses each layer with the fastest tool there is and hashes it, and hashes the blob:
`igzip -dc BLOB | openssl dgst -sha256; openssl dgst -sha256 BLOB`, two layers at a time. The scan
does that as well, walks the layers, reads all packages and executables and looks for secrets.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from callers import Caller, as_caller, caller, in_child, ordinary
from images import secret_rules
from installed import Installed, installed
from large_image import FOLDER, blobs_of, large_image
from runner import Command, Figure, Goal, Series, arguments, interleave, ratio, table

LEAST_RUNS = 5
_FLOOR, _FLOOR_ZST = "igzip | openssl, and openssl of the blob", "the same with zstd"
_SCAN, _AGAIN, _TOP = "scan to CycloneDX", "again, nothing changed", "with a fifth layer of 27 MB"
_QUARTER, _SBOM, _SCAN_ZST = "scan of two layers", "SBOM alone", "scan, zstd"
_PROCESSORS = 2
_MOST_MIB, _FLAT_MIB = 80, 10


def measure(product: Installed, runs: int) -> Figure:
    """The figures, as the ordinary user; root makes the image if it is not there."""
    in_child(lambda: [str(path) for path in large_image()])
    rules = in_child(secret_rules)
    with caller(ordinary()) as who:
        found = as_caller(who, lambda: interleave(_commands(product, who), runs))
    sizes = ", ".join(f"{path.name} {_megabytes(path):.0f} MB" for path in _layouts())
    about = f"compressed layers: {sizes}; {rules} secret rules; `{_SCAN}` begins with no cache"
    return Figure("large image", (about, "", *table(found, _FLOOR)), _goals(found))


def _layouts() -> tuple[Path, ...]:
    return tuple(FOLDER / name for name in ("gz", "zst", "small", "top"))


def _megabytes(layout: Path) -> float:
    return sum(Path(blob).stat().st_size for blob in blobs_of(layout)) / 1e6


def _commands(product: Installed, who: Caller) -> tuple[Command, ...]:
    gz, zst, small, top = map(str, _layouts())

    def forget() -> None:
        shutil.rmtree(f"{who.home}/cache/secure/layers", ignore_errors=True)

    def floor(name: str, layout: str, tool: str) -> Command:
        blobs = " ".join(blobs_of(Path(layout)))
        each = f"{tool} -dc @ | openssl dgst -sha256; openssl dgst -sha256 @"
        line = f"printf '%s\\n' {blobs} | xargs -P{_PROCESSORS} -I@ sh -c '{each}'"
        return Command(name, ("/bin/sh", "-c", line), who.env)

    def scan(name: str, layout: str, *, cold: bool) -> Command:
        argv = (product.secure, "scan", "--format", "cyclonedx", layout)
        return Command(name, argv, who.env, before=forget if cold else None)

    return (
        floor(_FLOOR, gz, "igzip"),
        scan(_SCAN, gz, cold=True),
        scan(_AGAIN, gz, cold=False),
        scan(_TOP, top, cold=False),
        Command(_SBOM, (product.secure, "sbom", gz), who.env, before=forget),
        scan(_QUARTER, small, cold=True),
        floor(_FLOOR_ZST, zst, "zstd"),
        scan(_SCAN_ZST, zst, cold=True),
    )


def _goals(found: dict[str, Series]) -> tuple[Goal, ...]:
    def against(name: str, base: str, most: float) -> Goal:
        return Goal(f"{name}, against {base}", most, ratio(found[name], found[base]))

    heaviest = max(series.rss_mib for series in found.values())
    growth = found[_SCAN].rss_mib - found[_QUARTER].rss_mib
    return (
        against(_SCAN, _FLOOR, 1.4),
        against(_SBOM, _FLOOR, 1.2),
        against(_SCAN_ZST, _FLOOR_ZST, 1.5),
        against(_AGAIN, _SCAN, 0.05),
        against(_TOP, _SCAN, 0.15),
        Goal("memory of the largest process", _MOST_MIB, (heaviest,), " MiB"),
        Goal("more of it than for two layers", _FLAT_MIB, (growth,), " MiB"),
    )


if __name__ == "__main__":
    given = arguments(__doc__ or "", least=LEAST_RUNS)
    with installed() as product_here:
        print(measure(product_here, given.runs).text())
