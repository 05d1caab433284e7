"""How right and how fast matching is: every OSV file, the match labels, packages per second.

    .venv/bin/python bench/matching.py

Labels name packages of real images and whether they truly have a vulnerability; what else the
images contain is not known, so each package is matched alone. Only images count whose distribution
has a feed here, and for recall only what that feed names at all: advisories of fixes are silent on
what was never fixed.
"""

from __future__ import annotations

import json
import lzma
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

import msgspec  # noqa: E402 - after the path
from built_databases import NOW, image, package  # noqa: E402
from listed_versions import check_file, records  # noqa: E402

from secure.facts.files import OsRelease  # noqa: E402
from secure.facts.package import Package  # noqa: E402
from secure.oci.limits import DEFAULT_LIMITS  # noqa: E402
from secure.vulns.build import Content, Feed, build  # noqa: E402
from secure.vulns.database import Database, open_database  # noqa: E402
from secure.vulns.feeds import debian_lists  # noqa: E402
from secure.vulns.match import match  # noqa: E402
from secure.vulns.osv import Advisory  # noqa: E402

DATA = ROOT.parent / "shared/data"
FILES = ("almalinux", "crates-rustsec", "ghsa-maven-mixed", "go-vulndb", "pypi-pysec")


def sources() -> dict[str, str]:
    """Debian binary package -> source package, of the images whose contents are known."""
    found = {}
    for path in sorted((DATA / "images").glob("debian-*.expected.tsv")):
        for line in path.read_text().splitlines()[1:]:
            name, _, _, source, *_ = line.split("\t")
            found[name] = source or name
    return found


def feeds() -> list[Advisory]:
    """Everything at hand for distributions that labels are about."""
    found = list(records(DATA / "osv/almalinux.jsonl.xz", 1))
    for name in ("DSA", "DLA"):
        raw = lzma.decompress((DATA / f"debian/{name}-list.txt.xz").read_bytes())
        read = debian_lists.advisories(raw, DEFAULT_LIMITS)
        found += [one for one in read if isinstance(one, Advisory)]
    return found


def named(advisories: Iterable[Advisory]) -> set[tuple[str, str, str]]:
    """(ecosystem, package, CVE) of which the feeds speak."""
    found: set[tuple[str, str, str]] = set()
    for one in advisories:
        names = {one.id, *(one.aliases or ()), *(one.upstream or ()), *(one.related or ())}
        for affected in one.affected or ():
            if affected.package:
                of = affected.package.ecosystem, affected.package.name
                found.update((*of, name) for name in names if name.startswith("CVE-"))
    return found


def labelled() -> dict[str, list[dict[str, object]]]:
    """The labels of each image that name a package."""
    found = defaultdict(list)
    with lzma.open(DATA / "match-labels/labels.jsonl.xz", "rt") as lines:
        for line in lines:
            label = json.loads(line)
            if "package" in label and label["label"] in ("TP", "FP"):
                found[label["image"]["exact"]].append(label)
    return found


def system_of(name: str, labels: list[dict[str, object]]) -> OsRelease | None:
    """The distribution, as the versions of its packages tell it."""
    text = json.dumps(labels)
    if "almalinux" in name:
        return OsRelease(id="almalinux", version_id="8")
    releases = Counter(re.findall(r"deb(\d+)u", text))
    return OsRelease(id="debian", version_id=releases.most_common(1)[0][0]) if releases else None


def as_package(system: OsRelease, name: str, version: str, source: dict[str, str]) -> Package:
    """A labelled package, as a scan would have found it."""
    if system.id == "debian":
        return package("deb", name, version, source=source.get(name, name))
    epoch, colon, rest = version.partition(":")
    return package("rpm", name, rest if colon else version, epoch=epoch if colon else "")


def judge_labels(database: Database, known: set[tuple[str, str, str]]) -> None:
    """Print precision and recall."""
    source = sources()
    totals: Counter[str] = Counter()
    for name, labels in sorted(labelled().items()):
        system = system_of(name, labels)
        if system is None:
            totals["no feed"] += len(labels)
            continue
        counts: Counter[str] = Counter()
        for label in labels:
            told = msgspec.convert(label["package"], dict[str, str])
            cve = str(label.get("effective_cve") or label["vulnerability_id"])
            one = as_package(system, told["name"], told["version"], source)
            matched = match(image(one, system=system), database, NOW[:10]).vulnerabilities
            hit = any(cve in found.names for found in matched)
            ecosystem = f"{'Debian' if system.id == 'debian' else 'AlmaLinux'}:{system.version_id}"
            asked = one.source if system.id == "debian" else one.name
            spoken = (ecosystem, asked, cve) in known
            counts[f"{label['label']} {'found' if hit else 'spared'}"] += 1
            counts[f"{label['label']} of the feed"] += spoken
        print(f"  {name[:58]:60}{system.id} {system.version_id:4}{dict(counts)}")
        totals.update(counts)
    true, false = totals["TP found"], totals["FP found"]
    print(f"  labels without a feed here: {totals['no feed']}")
    print(f"  precision {true / max(true + false, 1):.3f} ({true} true, {false} false)")
    of_feed = totals["TP of the feed"]
    print(f"  recall {true / max(of_feed, 1):.3f} of {of_feed} true ones that the feeds name,")
    print(f"         {true / max(true + totals['TP spared'], 1):.3f} of all true ones")


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
        advisories = feeds()
        path = f"{folder}/labels.db"
        build(path, [Feed("labels", advisories, Content())], NOW)
        with open_database(path) as database:
            print("match labels")
            judge_labels(database, named(advisories))
            print("speed")
            speed(database)


if __name__ == "__main__":
    main()
