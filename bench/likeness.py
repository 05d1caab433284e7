"""How like real records those are that database_made.py makes: bytes a record under xz -9.

A record that takes more room than a real one has more in it that repeats nowhere. Each source's
records are compressed by themselves, real ones and one round of made ones; and half of the real
ones: what a record takes falls as there are more to resemble, which a round made of the same prose
cannot show.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

from runner import Figure, Goal, arguments

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(1, str(ROOT))  # wherever we were started

from database_made import SHARES, Round, sample  # noqa: E402 - it needs the path to our modules


def measure() -> Figure:
    """One row a source."""
    folder = ROOT.parent / "shared/data/osv"
    lines = [f"{'':<28}{'records':>8}{'half':>8}{'real':>8}{'made':>8}   bytes a record"]
    ratios = []
    for source in SHARES:
        real = sample(folder, source)
        changed = Round(0, 1)
        half, whole = _each(real[::2]), _each(real)
        made = _each([changed.other(raw) for raw in real])
        ratios.append(made / whole)
        lines.append(f"{source:<28}{len(real):>8}{half:>8.0f}{whole:>8.0f}{made:>8.0f}")
    goals = (
        Goal("most that a made record takes, against a real one", 1.15, (max(ratios),)),
        Goal(
            "least that a made record takes, against a real one", 0.95, (min(ratios),), least=True
        ),
    )
    return Figure("likeness", tuple(lines), goals)


def _each(records: list[bytes]) -> float:
    return len(lzma.compress(b"".join(records), preset=9)) / len(records)


if __name__ == "__main__":
    arguments(__doc__ or "", least=1)
    print(measure().text())
