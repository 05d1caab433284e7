"""Comparing versions, against univers.

univers is put into an environment of its own, beside what `secure` needs, and one process there
compares the same pairs by both in turn (versions_peer.py), by processor time. Two ways: every
version met for the first time; and every version read before, where what each makes of one is kept:
a key, as a database has it for matching, or an object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from runner import LEAST_RUNS, Figure, Goal, arguments

ROOT = Path(__file__).resolve().parents[1]
_LEAST_RATIO = 4
_REQUIRED = ("dpkg", "apk", "rpm")  # the others are shown


def measure(runs: int) -> Figure:
    """The figure; needs a package index for univers, and the cases in ../shared/data/versions."""
    vectors = ROOT.parent / "shared/data/versions"
    with tempfile.TemporaryDirectory(prefix="secure-bench-") as folder:
        python = f"{folder}/bin/python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        wanted = ("univers", "msgspec", "packaging")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
        peer = str(Path(__file__).with_name("versions_peer.py"))
        done = subprocess.run(
            [python, peer, str(vectors), str(max(runs, LEAST_RUNS))],
            env={"PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        )
    rows = json.loads(done.stdout)
    return Figure("versions", tuple(_table(rows)), tuple(_goals(rows)))


def _table(rows: list[dict[str, float | str]]) -> list[str]:
    head = (
        f"{'':<10} {'way':<6} {'pairs':>6} {'ours ns':>8} {'univers':>8}  x min   x median  wrong"
    )
    return (
        [head]
        + [
            f"{row['family']:<10} {row['way']:<6} {row['pairs']:>6} {row['ours_ns']:>8.0f} "
            f"{row['univers_ns']:>8.0f}  {row['least']:>5.1f}   {row['median']:>5.1f}     "
            f"{row['wrong_ours']} / {row['wrong_univers']}"
            for row in rows
        ]
        + ["wrong: pairs not as the ecosystem's own tool has them, ours / univers'"]
    )


def _goals(rows: list[dict[str, float | str]]) -> list[Goal]:
    goals = [
        Goal(
            f"{row['family']} versions, {row['way']}, against univers",
            1 / _LEAST_RATIO,
            (1 / float(row["least"]), 1 / float(row["median"])),
        )
        for row in rows
        if row["family"] in _REQUIRED
    ]
    wrong = sum(float(row["wrong_ours"]) for row in rows)
    return [*goals, Goal("wrong comparisons", 0, (wrong,), "")]


if __name__ == "__main__":
    print(measure(arguments(__doc__ or "").runs).text())
