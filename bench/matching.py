"""How right and how fast matching is: every OSV file, the match labels, packages per second.

.venv/bin/python bench/matching.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

from built_databases import NOW, image, package  # noqa: E402 - after the path
from listed_versions import check_file  # noqa: E402
from match_labels import Score, scores  # noqa: E402

from secure.facts.files import OsRelease  # noqa: E402
from secure.vulns.database import Database, open_database  # noqa: E402
from secure.vulns.match import match  # noqa: E402

DATA = ROOT.parent / "shared/data"
FILES = ("almalinux", "crates-rustsec", "ghsa-maven-mixed", "go-vulndb", "pypi-pysec")


def speed(database: Database) -> None:
    """Print the time to match packages of which one in ten has a finding."""
    with_names = [f"none-{number}" for number in range(4_500)] + ["bash", "curl"] * 250
    packages = [package("rpm", name, "9999-1.el8") for name in with_names]
    system = OsRelease(id="almalinux", version_id="8")
    for count in (500, 5_000):
        facts = image(*packages[:: 5_000 // count], system=system)
        best = min(_time(database, facts) for _ in range(5))
        print(f"  {count} packages: {best * 1_000:.1f} ms")


def _time(database: Database, facts: object) -> float:
    begun = perf_counter()
    match(facts, database, NOW[:10])  # type: ignore[arg-type]  # facts of `image`
    return perf_counter() - begun


def main() -> None:
    """Everything, in some minutes."""
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
        with open_database(path) as database:
            print("speed")
            speed(database)


if __name__ == "__main__":
    main()
