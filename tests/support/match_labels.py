"""The labels of real images: which of their packages truly have a vulnerability.

Labels name packages; what else the images contain is not known, so each package is matched alone.
They do not tell a package's type: a jar "netty 3.9.5.Final" in an image of Debian is no package of
Debian's, which has a revision ("1:4.1.33-1+deb10u2") unless Debian itself wrote it ("apt 2.2.4");
"rpm 4.14.3" is the Python module of an rpm package, all of which have a release.
Only images count whose distribution has a feed here, and for recall only what that feed names at
all: advisories of fixes are silent on what was never fixed.
"""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from built_databases import NOW, image, package
from listed_versions import records

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.build import Content, Feed, build
from secure.vulns.database import Database, open_database
from secure.vulns.feeds import debian_lists
from secure.vulns.match import match
from secure.vulns.osv import Advisory

_Named = set[tuple[str, str, str]]


@dataclass(frozen=True)
class Score:
    """What came of the labels of one image, or of all.

    Args:
        true, false: findings that a label calls right, and wrong.
        missed: labels that say "vulnerable" of which nothing was found.
        told: labels that say "vulnerable" of what the feeds name.
        without_feed: labels of images whose distribution has no feed here, and of packages that are
            none of a distribution's.
    """

    true: int = 0
    false: int = 0
    missed: int = 0
    told: int = 0
    without_feed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.true + other.true,
            self.false + other.false,
            self.missed + other.missed,
            self.told + other.told,
            self.without_feed + other.without_feed,
        )

    @property
    def precision(self) -> float:
        """Of what was found, how much is right."""
        return self.true / max(self.true + self.false, 1)

    @property
    def recall(self) -> float:
        """Of what the feeds name and a label calls right, how much was found."""
        return self.true / max(self.told, 1)


def scores(data: Path, database: str) -> Iterator[tuple[str, Score]]:
    """Each labelled image with its score.

    Args:
        data: the folder shared/data.
        database: a path to build one at.
    """
    advisories = _feeds(data)
    build(database, [Feed("labels", advisories, Content())], NOW)
    known, sources = _named(advisories), _Sources(data)
    with open_database(database) as opened:
        for name, labels in sorted(_labelled(data).items()):
            yield name, _score(opened, name, labels, known, sources)


def _score(
    database: Database,
    name: str,
    labels: list[dict[str, object]],
    known: _Named,
    sources: _Sources,
) -> Score:
    system = _system_of(name, labels)
    if system is None:
        return Score(without_feed=len(labels))
    ecosystem = f"{'Debian' if system.id == 'debian' else 'AlmaLinux'}:{system.version_id}"
    found: Counter[str] = Counter()
    for label in labels:
        told = msgspec.convert(label["package"], dict[str, str])
        cve = str(label.get("effective_cve") or label["vulnerability_id"])
        one = _as_package(system, told["name"], told["version"], sources)
        if one is None:
            found["without"] += 1
            continue
        matched = match(image(one, system=system), database, NOW[:10]).vulnerabilities
        right, hit = label["label"] == "TP", any(cve in each.names for each in matched)
        asked = one.source if system.id == "debian" else one.name
        found["true" if right else "false"] += hit
        found["missed"] += right and not hit
        found["told"] += right and (ecosystem, asked, cve) in known
    return Score(found["true"], found["false"], found["missed"], found["told"], found["without"])


def _feeds(data: Path) -> list[Advisory]:
    """Everything at hand for distributions that labels are about."""
    found = list(records(data / "osv/almalinux.jsonl.xz", 1))
    for name in ("DSA", "DLA"):
        raw = lzma.decompress((data / f"debian/{name}-list.txt.xz").read_bytes())
        read = debian_lists.advisories(raw, DEFAULT_LIMITS)
        found += [one for one in read if isinstance(one, Advisory)]
    return found


def _named(advisories: Iterable[Advisory]) -> _Named:
    """(ecosystem, package, CVE) of which the feeds speak."""
    found: _Named = set()
    for one in advisories:
        names = {one.id, *(one.aliases or ()), *(one.upstream or ()), *(one.related or ())}
        for affected in one.affected or ():
            if affected.package:
                of = affected.package.ecosystem, affected.package.name
                found.update((*of, name) for name in names if name.startswith("CVE-"))
    return found


class _Sources:
    """Debian's packages, as far as images whose contents are known have them.

    Attributes:
        of: binary package -> source package.
        native: those that Debian itself wrote, so that their versions have no revision; without
            the number of their interface ("libapt-pkg6.0").
    """

    def __init__(self, data: Path) -> None:
        self.of: dict[str, str] = {}
        self.native: set[str] = set()
        for path in sorted((data / "images").glob("debian-*.expected.tsv")):
            for line in path.read_text().splitlines()[1:]:
                name, version, _, source, *_ = line.split("\t")
                self.of[name] = source or name
                if "-" not in version:
                    self.native.add(_stem(name))


def _stem(name: str) -> str:
    return name.rstrip("0123456789.")


def _labelled(data: Path) -> dict[str, list[dict[str, object]]]:
    """The labels of each image that name a package."""
    found = defaultdict(list)
    with lzma.open(data / "match-labels/labels.jsonl.xz", "rt") as lines:
        for line in lines:
            label = json.loads(line)
            if "package" in label and label["label"] in ("TP", "FP"):
                found[label["image"]["exact"]].append(label)
    return found


def _system_of(name: str, labels: list[dict[str, object]]) -> OsRelease | None:
    """The distribution, as the versions of its packages tell it."""
    text = json.dumps(labels)
    if "almalinux" in name:
        return OsRelease(id="almalinux", version_id="8")
    releases = Counter(re.findall(r"deb(\d+)u", text))
    return OsRelease(id="debian", version_id=releases.most_common(1)[0][0]) if releases else None


def _as_package(system: OsRelease, name: str, version: str, known: _Sources) -> Package | None:
    """A labelled package, as a scan would have found it; None where the distribution has none."""
    revised = "-" in version
    if system.id == "debian":
        if not revised and _stem(name) not in known.native:
            return None
        return package("deb", name, version, source=known.of.get(name, name))
    epoch, colon, rest = version.partition(":")
    if not revised:
        return None
    return package("rpm", name, rest if colon else version, epoch=epoch if colon else "")
