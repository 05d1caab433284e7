"""One run of the versions figure, inside the environment of univers: JSON on stdout.

versions_peer.py VECTORS RUNS
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from secure.vulns.versions import apk, dpkg, gem, maven, pep440, rpm

Pairs = list[tuple[Any, Any]]
_SIGNS = {"<": -1, "=": 0, ">": 1}


def main(vectors: Path, runs: int) -> None:
    """Compare each family's pairs by both, `runs` times in turn."""
    from univers import versions as univers  # type: ignore[import-not-found]  # only there

    told = []
    for family, ours, theirs in (
        ("dpkg", dpkg.key, univers.DebianVersion),
        ("apk", apk.key, univers.AlpineLinuxVersion),
        ("rpm", rpm.key, univers.RpmVersion),
        ("pep440", pep440.key, univers.PypiVersion),
        ("maven", maven.key, univers.MavenVersion),
        ("gem", gem.key, univers.RubygemsVersion),
    ):
        name = "deb" if family == "dpkg" else family
        pairs, signs = _readable(vectors / f"{name}.tsv", theirs)
        wrong = {
            "wrong_ours": _wrong(pairs, signs, ours),
            "wrong_univers": _wrong(pairs, signs, theirs),
        }
        keys = [(ours(left), ours(right)) for left, right in pairs]  # as a database has them
        objects = [(theirs(left), theirs(right)) for left, right in pairs]
        for way, first, second in (
            ("first", _first(ours, pairs), _first(theirs, pairs)),
            ("again", _again(keys), _again(objects)),
        ):
            row = {"family": family, "way": way, "pairs": len(pairs), **wrong}
            told.append(row | _timed(first, second, runs, len(pairs)))
    print(json.dumps(told))


def _readable(file: Path, theirs: Callable[[str], Any]) -> tuple[Pairs, list[int]]:
    """The pairs that univers takes for versions; it refuses some that the tools compare."""
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    pairs, signs = [], []
    for left, operator, right, _ in rows:
        try:
            theirs(left) < theirs(right)  # noqa: B015 - whether it can
        except Exception:  # noqa: BLE001, S112 - a foreign library's errors have no common base
            continue
        pairs.append((left, right))
        signs.append(_SIGNS[operator])
    return pairs, signs


def _wrong(pairs: Pairs, signs: list[int], read: Callable[[str], Any]) -> int:
    return sum(
        (read(left) > read(right)) - (read(left) < read(right)) != sign
        for (left, right), sign in zip(pairs, signs, strict=True)
    )


def _first(read: Callable[[str], Any], pairs: Pairs) -> Callable[[], None]:
    def compare() -> None:
        for left, right in pairs:
            read(left) < read(right)  # noqa: B015 - the time of it

    return compare


def _again(pairs: Pairs) -> Callable[[], None]:
    def compare() -> None:
        for left, right in pairs:
            left < right  # noqa: B015 - the time of it

    return compare


def _timed(
    ours: Callable[[], None], theirs: Callable[[], None], runs: int, pairs: int
) -> dict[str, float]:
    """Nanoseconds of processor of one comparison, and how many times univers takes."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(2 + runs):
        for compare, taken in zip((ours, theirs), times, strict=True):
            started = time.process_time()
            compare()
            if turn >= 2:  # two turns to warm up
                taken.append(time.process_time() - started)
    mine, other = times
    return {
        "ours_ns": median(mine) / pairs * 1e9,
        "univers_ns": median(other) / pairs * 1e9,
        "least": min(other) / min(mine),
        "median": median(other) / median(mine),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
