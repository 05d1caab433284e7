"""Packages of an image against a database: what is affected, why, and what could not be asked.

    packages -> questions -> advisories by name -> comparisons (hits) -> findings, uncovered

What the image holds is matched; what only a lower layer still has, if it is among its packages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.facts.plain import plain
from secure.facts.vulnerability import Uncovered, Vulnerability
from secure.vulns.advisories import Advisories
from secure.vulns.compact import Affected
from secure.vulns.comparison import (
    compared,
    has_own_line,
    interval_of,
    may_be_affected,
    other_build,
    written,
)
from secure.vulns.findings import Hit, denies, findings
from secure.vulns.names import Asked, Channel, NotAsked, is_system, questions
from secure.vulns.ranges import Judged, State
from secure.vulns.releases import Release, release_of
from secure.vulns.schema import AdvisoryHead
from secure.vulns.streams import (
    counting,
    fixed_in_stream,
    without_free_fixes,
    without_idle_statements,
)
from secure.vulns.upgrades import safe_version
from secure.vulns.versions.order import key


class Matched(msgspec.Struct, frozen=True):
    """What is known of an image's packages.

    Args:
        vulnerabilities: in order of risk, suppressed ones last.
        uncovered: what no advisory could match.
    """

    vulnerabilities: tuple[Vulnerability, ...]
    uncovered: tuple[Uncovered, ...]


class Trace(msgspec.Struct, frozen=True):
    """One comparison, affected or not, with everything that led to it."""

    package: Package
    asked: Asked
    head: AdvisoryHead
    interval: str
    judged: Judged
    status: str = ""  # what the advisory says of the interval; "" is affected


_Asking = dict[str, dict[str, list[tuple[Package, Asked]]]]  # ecosystem -> name -> who asks
_Missing = dict[tuple[str, str], list[str]]  # (ecosystem, why) -> packages


def match(facts: ImageFacts, database: Advisories, today: str) -> Matched:
    """The findings of an image.

    Args:
        today: YYYY-MM-DD: what support has ended by then.
    """
    known = frozenset(database.ecosystems())
    release = release_of(facts.os_release, known)
    asking, missing = _asking(facts.packages, release, known)
    hits: list[Hit] = []
    for ecosystem, names in sorted(asking.items()):
        found = database.affected_by_name(ecosystem, sorted(names))
        for name, entries in found.items():
            for package, asked in names[name]:
                if asked.channel is Channel.MINOR:
                    hits += fixed_in_stream(package, asked, entries)
                else:
                    found_here = list(_hits(package, asked, entries, missing))
                    hits += _to_safety(package, asked, entries, found_here)
    hits = without_free_fixes(without_idle_statements(hits), database, release)
    if (ended := _ended(release, database, today)) is not None:
        missing[ended] = []
    base = facts.base.name if facts.base else ""
    return Matched(
        vulnerabilities=findings(hits, database, release, base, _is_over(release, database, today)),
        uncovered=tuple(
            Uncovered(ecosystem, tuple(sorted(set(packages))), why)
            for (ecosystem, why), packages in sorted(missing.items())
        ),
    )


def traces(facts: ImageFacts, database: Advisories, identifier: str) -> Iterator[Trace]:
    """Every comparison of the image's packages with the advisories that name `identifier`."""
    known = frozenset(database.ecosystems())
    asking, _ = _asking(facts.packages, release_of(facts.os_release, known), known)
    heads: dict[int, AdvisoryHead] = {}
    for ecosystem, names in sorted(asking.items()):
        for name, entries in database.affected_by_name(ecosystem, sorted(names)).items():
            for entry in entries:
                if entry.number not in heads:
                    heads[entry.number] = database.advisory(entry.number)
                head = heads[entry.number]
                if head.withdrawn or identifier not in _names_in(head):
                    continue
                for package, asked in names[name]:
                    judged = compared(package, asked, entry)
                    interval = interval_of(entry, asked) or next(iter(entry.ranges), None)
                    yield Trace(package, asked, head, written(interval), judged, entry.status)


def ecosystems_asked(facts: ImageFacts, database: Advisories) -> list[str]:
    """Where advisories on the image's packages were looked for, sorted."""
    known = frozenset(database.ecosystems())
    return sorted(_asking(facts.packages, release_of(facts.os_release, known), known)[0])


def _names_in(head: AdvisoryHead) -> tuple[str, ...]:
    """All that an advisory names: one of a distribution is about several CVEs."""
    return (head.id, *head.aliases, *head.upstream, *head.related)


def _asking(
    packages: Iterable[Package], release: Release, known: frozenset[str]
) -> tuple[_Asking, _Missing]:
    """What to ask, and of which packages nothing can be asked."""
    asking: _Asking = defaultdict(lambda: defaultdict(list))
    missing: _Missing = defaultdict(list)
    for package in packages:
        found = questions(package, release, known)
        if isinstance(found, NotAsked) and package.owner and release.is_known:
            continue  # its distribution's package is compared
        if isinstance(found, NotAsked):
            missing[found.ecosystem, found.why].append(_shown(package))
            continue
        for asked in found:
            asking[asked.ecosystem][asked.name].append((package, asked))
    return asking, missing


def _hits(
    package: Package,
    asked: Asked,
    entries: tuple[Affected, ...],
    missing: _Missing,
) -> Iterator[Hit]:
    place = key(asked.ecosystem, asked.version)
    if not isinstance(place, str):
        missing[asked.ecosystem, place.reason].append(_shown(package))
        return
    affected: dict[int, list[tuple[Affected, Judged]]] = {}
    passed: dict[int, list[Affected]] = {}
    for entry in _on_such_builds(package, asked, entries, missing):
        if not may_be_affected(asked, place, entry):
            passed.setdefault(entry.number, []).append(entry)
            continue
        judged = compared(package, asked, entry)
        if judged.state is State.AFFECTED:
            affected.setdefault(entry.number, []).append((entry, judged))
        elif judged.state is State.NOT_CHECKED and not denies(entry):
            missing[asked.ecosystem, _not_evaluated(judged)].append(_shown(package))
    for number, found in affected.items():
        if counted := counting(package, found, passed.get(number, ())):
            yield Hit(package, asked, *counted)


def _to_safety(
    package: Package, asked: Asked, entries: tuple[Affected, ...], hits: list[Hit]
) -> list[Hit]:
    """With the version that removes them all; a distribution's own upgrade names none."""
    if not hits or is_system(package):
        return hits
    unfixed = {hit.affected.number for hit in hits if not hit.judged.fixed}
    flaws = (one for one in entries if one.number not in unfixed and not denies(one))
    fixes = (hit.judged.fixed for hit in hits if hit.judged.fixed)
    safe = safe_version(package, asked, flaws, fixes)
    return [msgspec.structs.replace(hit, safe=safe) for hit in hits]


def _on_such_builds(
    package: Package, asked: Asked, entries: tuple[Affected, ...], missing: _Missing
) -> Iterable[Affected]:
    """Those entries that speak of builds like the package's; `missing` gets what none speaks of."""
    if not has_own_line(package):
        return entries
    like: list[Affected] = []
    unlike: dict[int, Judged] = {}
    for entry in entries:
        if (other := other_build(package, entry)) is None:
            like.append(entry)
        elif other.state is State.NOT_CHECKED:
            unlike[entry.number] = other
    for number in unlike.keys() - {entry.number for entry in like}:
        missing[asked.ecosystem, _not_evaluated(unlike[number])].append(_shown(package))
    return like


def _not_evaluated(judged: Judged) -> str:
    return f"an advisory is not evaluated: {judged.because}"


def _shown(package: Package) -> str:
    return plain(f"{package.name} {package.version}".strip())


def _is_over(release: Release, database: Advisories, today: str) -> bool:
    """Nobody gets fixes any more, or only those do of whom the database knows nothing."""
    support = database.release(release.name) if release.name else None
    if support is None or not support.ends or support.free_ends >= today:
        return False
    return not release.paid or support.paid_ends < today


def _ended(release: Release, database: Advisories, today: str) -> tuple[str, str] | None:
    if not _is_over(release, database, today):
        return None
    support = database.release(release.name)
    last, paid = (support.free_ends, support.paid_ends) if support else ("", "")
    why = f"support ended on {last}: later vulnerabilities are in no advisory"
    if paid >= today:
        why = (
            f"support that is free of charge ended on {last}: what is found and fixed for "
            f"subscribers, until {paid}, is in no advisory here"
        )
    return release.name, why
