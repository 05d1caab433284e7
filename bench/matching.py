"""How right matching is: every OSV file, and the match labels. matching_linear.py has how fast.

.venv/bin/python bench/matching.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

from listed_versions import check_file  # noqa: E402 - after the path
from match_labels import Score, scores  # noqa: E402

DATA = ROOT.parent / "shared/data"
FILES = ("almalinux", "crates-rustsec", "ghsa-maven-mixed", "go-vulndb", "pypi-pysec")


def main() -> None:
    """Everything, in a minute."""
    with tempfile.TemporaryDirectory() as folder:
        print("OSV files: versions that are affected, fixed; missed, false")
        for name in FILES:
            found = check_file(DATA / f"osv/{name}.jsonl.xz", Path(folder), 1)
            wrong = len(found.missed), len(found.false)
            print(f"  {name:18}{found.affected:8}{found.fixed:8}{wrong[0]:6}{wrong[1]:6}")
            for one in (found.missed + found.false)[:3]:
                print("     ", *one)
        print("match labels")
        total = Score()
        path = f"{folder}/labels.db"
        for name, score in scores(DATA, path):
            total += score
            if not score.without_feed:
                print(f"  {name[:58]:60}{score}")
        print(f"  labels without a feed here: {total.without_feed}")
        print(f"  precision {total.precision:.3f} ({total.true} true, {total.false} false)")
        print(f"  recall {total.recall:.3f} of {total.told} true ones that the feeds name,")
        print(f"         {total.true / (total.true + total.missed):.3f} of all true ones")


if __name__ == "__main__":
    main()
