"""From single comparisons to findings: one for each flaw in each component, whoever reports it.

Names of one flaw (CVE, GHSA, PYSEC, …) are joined by aliases. An advisory of a distribution that
bundles several CVEs ("DSA-5417", "ALSA-2024:1234") is a source of each of them, and never makes
them one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from secure.facts.package import Package
from secure.facts.vulnerability import FixState, Mark, Match, Score, Suppression, Vulnerability
from secure.vulns.advisories import Advisories
from secure.vulns.builds import minor_release
from secure.vulns.compact import Affected
from secure.vulns.comparison import interval_of, written
from secure.vulns.fixes import command
from secure.vulns.names import Asked, Channel, is_kernel_headers, is_system, registry_name
from secure.vulns.ranges import Judged
from secure.vulns.releases import Release
from secure.vulns.schema import AdvisoryHead, Exploited, Probability
from secure.vulns.severity import RANK, rated, scores

FIXED = "fixed"
_DENIALS = frozenset({"not_affected", FIXED})
# Updates without a security fix, which distributions publish in the same feeds.
_NO_SECURITY = ("ALBA-", "ALEA-", "RHBA-", "RHEA-", "RLBA-", "RLEA-", "ELBA-", "ELEA-")
_WORDS = frozenset({"word", "severity", "urgency", "priority"})
_BY_USE = (
    FixState.FIXED, FixState.PAID, FixState.WONT_FIX, FixState.END_OF_LIFE, FixState.NOT_FIXED,
    FixState.UNKNOWN,
)  # fmt: skip


class Hit(msgspec.Struct, frozen=True, gc=False):
    """One package that one advisory concerns.

    Args:
        safe: the version that removes this flaw and all others of the package; "" where none does.
    """

    package: Package
    asked: Asked
    affected: Affected
    judged: Judged
    safe: str = ""


def denies(affected: Affected) -> bool:
    """It says that a package does not have the flaw."""
    return affected.status in _DENIALS


class _Sourced(msgspec.Struct, frozen=True, gc=False):
    """A hit with its advisory, and the (type, score or word) of both."""

    hit: Hit
    head: AdvisoryHead
    given: tuple[tuple[str, str], ...]


class _Likely(msgspec.Struct, frozen=True):
    """What is known of the exploitation of all CVEs of a scan."""

    kev: Mapping[str, Exploited]
    epss: Mapping[str, Probability]


def findings(
    hits: Iterable[Hit], database: Advisories, release: Release, base: str, over: bool
) -> tuple[Vulnerability, ...]:
    """The findings, in order of risk.

    Args:
        base: name of the base image; "" where it is not known.
        over: all support of the release has ended.
    """
    heads: dict[int, AdvisoryHead] = {}
    components: dict[tuple[str, str, str], list[_Sourced]] = defaultdict(list)
    for hit in hits:
        number = hit.affected.number
        if number not in heads:
            heads[number] = database.advisory(number)
        head = heads[number]
        if not head.withdrawn:
            given = (*hit.affected.severity, *((one.type, one.score) for one in head.severities))
            components[_component(hit.package)].append(_Sourced(hit, head, given))
    groups = [
        (names, found)
        for sourced in components.values()
        for names, found in _grouped(sourced)
        if any(not denies(one.hit.affected) for one in found)
    ]
    # One question for all of them: a question for each would take a tenth of the matching.
    cves = _cves(name for names, _ in groups for name in names)
    likely = _Likely(database.kev(cves), database.epss(cves))
    made = [_finding(names, found, likely, release, base, over) for names, found in groups]
    return tuple(sorted(made, key=risk))


def risk(finding: Vulnerability) -> tuple[object, ...]:
    """Exploited ones first, then by severity, likelihood, and whether a fix is there.

    What cannot run comes after all that can, suppressed ones last.
    """
    return (
        finding.suppressed is not None,
        Mark.KERNEL_HEADERS in finding.marks,
        not finding.kev,
        -RANK[finding.severity],
        -(finding.epss or 0.0),
        finding.fix_state is not FixState.FIXED,
        finding.id,
        finding.component,
        finding.matches[0].compared,
    )


def _component(package: Package) -> tuple[str, str, str]:
    """All binaries of one source are one component."""
    if is_system(package):
        version = package.source_version or package.version
        return package.type, package.source or package.name, version
    return package.type, registry_name(package), package.version


def _grouped(sourced: list[_Sourced]) -> Iterator[tuple[frozenset[str], list[_Sourced]]]:
    """The sources of each flaw, with all its names: joined by any name that two of them share."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = name = leader[leader[name]]
        return name

    told = [(one, names) for one in sourced for names in _flaws(one)]
    for _, names in told:
        first, *others = sorted(names)
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[str, list[_Sourced]] = defaultdict(list)
    named: dict[str, set[str]] = defaultdict(set)
    for one, names in told:
        root = find(min(names))
        groups[root].append(one)
        named[root].update(names)
    for root, found in groups.items():
        yield frozenset(named[root]), found


def _flaws(one: _Sourced) -> list[frozenset[str]]:
    """The names of each flaw that an advisory is about."""
    head = one.head
    own = frozenset((head.id, *head.aliases))
    if any(name.startswith("CVE-") for name in own):
        return [own]
    cves = _cves(head.upstream)
    if not cves and is_system(one.hit.package):
        cves = _cves(head.related)
    if len(cves) == 1:
        return [own.union(cves)]
    if not cves and head.id.startswith(_NO_SECURITY):
        return []
    return [frozenset((cve,)) for cve in cves] or [own]


def _cves(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith("CVE-")})


def _finding(
    names: frozenset[str],
    sources: list[_Sourced],
    likely: _Likely,
    release: Release,
    base: str,
    over: bool,
) -> Vulnerability:
    yes = [one for one in sources if not denies(one.hit.affected)]
    # Of the packages of one component some may be spared: the others stay a finding.
    spared = {id(one.hit.package) for one in sources if denies(one.hit.affected)}
    if release.is_known:
        spared.update(id(one.hit.package) for one in yes if one.hit.package.owner)
    left = [one for one in yes if id(one.hit.package) not in spared]
    yes = left or yes
    matches = tuple(sorted({_match(one, over) for one in yes}, key=_place))
    package = yes[0].hit.package
    identifier = min(names, key=_preferred)
    found = scores((kind, score, one.head.feed) for one in yes for kind, score in one.given)
    severity, by = _severity(yes, found)
    cves = _cves(names)
    fixed = tuple(dict.fromkeys(match.fixed for match in matches if match.fixed))
    state = min((match.fix_state for match in matches), key=_BY_USE.index)
    chances = [likely.epss[cve].score for cve in cves if cve in likely.epss]
    return Vulnerability(
        id=identifier,
        component=_component(package)[1],
        ecosystem=yes[0].hit.asked.ecosystem,
        severity=severity,
        severity_by=by,
        fix_state=state,
        fixed=fixed,
        matches=matches,
        aliases=tuple(sorted(names - {identifier})),
        scores=found,
        kev=next((likely.kev[cve].added or "listed" for cve in cves if cve in likely.kev), ""),
        epss=max(chances, default=None),
        marks=tuple(_marks(yes, fixed, release)),
        fix=command(package, _goal(yes, fixed), base, state is FixState.PAID),
        suppressed=None if left else _suppressed(sources, package, release),
    )


def _goal(sources: list[_Sourced], fixed: tuple[str, ...]) -> str:
    """The version to ask for, where one fixes it."""
    safe = next((one.hit.safe for one in sources if one.hit.safe), "")
    return (safe or fixed[-1]) if fixed else ""


def _match(one: _Sourced, over: bool) -> Match:
    package, asked, affected = one.hit.package, one.hit.asked, one.hit.affected
    interval = interval_of(affected, asked)
    fixed = one.hit.judged.fixed or ""
    words = [word for kind, word in one.given if kind in _WORDS]
    return Match(
        package=package.purl or f"{package.type} {registry_name(package)} {package.version}",
        name=registry_name(package),
        version=package.version,
        looked_up=f"{asked.ecosystem} {asked.name}",
        compared=asked.version,
        location=package.location,
        advisory=one.head.id,
        feed=one.head.feed,
        modified=one.head.modified,
        interval=written(interval),
        because=one.hit.judged.because,
        fixed=fixed,
        fix_state=_fix_state(one.hit, over and is_system(package)),
        severity=words[0] if words else "",
    )


def _fix_state(hit: Hit, over: bool) -> FixState:
    affected = hit.affected
    if affected.fix_state:
        try:
            told = FixState(affected.fix_state)
        except ValueError:
            told = FixState.UNKNOWN
        if told is not FixState.UNKNOWN:
            return told
    if hit.judged.fixed:
        return FixState.PAID if hit.asked.channel is Channel.PAID else FixState.FIXED
    if over:
        return FixState.END_OF_LIFE
    return FixState.NOT_FIXED if affected.ranges else FixState.UNKNOWN


def _place(match: Match) -> tuple[str, str, int, str]:
    return match.package, match.location.path, match.location.layer, match.advisory


def _preferred(name: str) -> tuple[int, int, str]:
    """CVE before GHSA before others; of two the older, "CVE-2021-9" before "CVE-2021-10"."""
    rank = 0 if name.startswith("CVE-") else 1 if name.startswith("GHSA-") else 2
    return rank, len(name), name


def _severity(sources: list[_Sourced], found: tuple[Score, ...]) -> tuple[str, str]:
    words = [(word, one.head.feed) for one in sources for kind, word in one.given if kind in _WORDS]
    if is_system(sources[0].hit.package):
        return rated(words, found)
    scored = rated((), found)
    return scored if scored[1] else rated(words, ())


def _marks(sources: list[_Sourced], fixed: tuple[str, ...], release: Release) -> Iterator[Mark]:
    """What is so of all of its packages, or is said of the flaw by any of its sources."""
    packages = [one.hit.package for one in sources]
    if any(one.head.disputed for one in sources):
        yield Mark.DISPUTED
    if all(_is_of_later_minor(one, fixed, release) for one in packages):
        yield Mark.LATER_MINOR
    if all(map(is_kernel_headers, packages)):
        yield Mark.KERNEL_HEADERS
    if all(one.owner for one in packages):
        yield Mark.OWNED


def _is_of_later_minor(package: Package, fixed: tuple[str, ...], release: Release) -> bool:
    """Every fix is of a later minor release of Red Hat's, and those of its own are not known."""
    own = minor_release(package.version)
    if own is None or not fixed or not release.name.startswith("Red Hat:"):
        return False
    if any(f":{own[0]}.{own[1]}:" in f"{one}:" for one in release.minors):
        return False
    return all((minor := minor_release(one)) and minor > own for one in fixed)


def _suppressed(sources: list[_Sourced], package: Package, release: Release) -> Suppression:
    """Why all of its packages are spared; of several reasons what an advisory says."""
    for one in sources:
        if denies(one.hit.affected):
            status = one.hit.affected.status
            why = f"{one.hit.asked.ecosystem}: {one.hit.judged.because}" if status == FIXED else ""
            return Suppression(status, f"{one.head.feed}, {one.head.id}", statement=why)
    why = f"it is part of a package of {release.name}, whose advisories decide"
    return Suppression("owned", package.owner, statement=why)
