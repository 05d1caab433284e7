"""What is said of the vulnerability database, and of what is searched in it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from secure.facts.plain import plain
from secure.report.json_bytes import indented
from secure.vulns.compact import Affected
from secure.vulns.database import Database
from secure.vulns.database_status import DatabaseStatus
from secure.vulns.osv import Severity

_SHOWN = 8  # names in one line
_SEVERITIES = {"CVSS_V2": "CVSS 2", "CVSS_V3": "CVSS 3", "CVSS_V4": "CVSS 4"}  # else a word


class FoundPackage(msgspec.Struct, frozen=True):
    """What one advisory says of one package, in words."""

    ecosystem: str
    name: str
    versions: str


class Found(msgspec.Struct, frozen=True):
    """One advisory that a search has found.

    Args:
        about: vulnerabilities that it is about, or related to, under names of their own.
        exploited: those of its names that CISA's catalogue has, the first of them since
            `exploited_since`.
    """

    id: str
    aliases: tuple[str, ...]
    about: tuple[str, ...]
    severities: tuple[Severity, ...]
    summary: str
    modified: str
    withdrawn: str
    feed: str
    packages: tuple[FoundPackage, ...]
    references: tuple[str, ...]
    exploited_since: str = ""
    exploited: tuple[str, ...] = ()


def search(database: Database, word: str) -> tuple[Found, ...]:
    """Advisories that name this id, else those on packages of this name."""
    numbers = database.naming(word) or database.naming(_as_written(word))
    if numbers:
        return tuple(_found(database, number, ()) for number in numbers)
    packages: dict[int, list[FoundPackage]] = {}
    for ecosystem, affected in database.packages(word):
        for one in affected:
            known = packages.setdefault(one.number, [])
            known.append(FoundPackage(ecosystem, word, _versions(one)))
    return tuple(_found(database, number, tuple(packages[number])) for number in sorted(packages))


def _as_written(word: str) -> str:
    """An id in the letters that its database gives it: "cve-2020-1", "GHSA-J7HP-H8JX-5PPR"."""
    upper = word.upper()
    return f"GHSA-{word[5:].lower()}" if upper.startswith("GHSA-") else upper


def _found(database: Database, number: int, packages: tuple[FoundPackage, ...]) -> Found:
    head, prose = database.advisory(number), database.description(number)
    about = tuple(sorted({*head.upstream, *head.related} - {head.id, *head.aliases}))
    exploited = database.kev((head.id, *head.aliases, *about))
    return Found(
        id=head.id,
        aliases=head.aliases,
        about=about,
        severities=head.severities,
        summary=prose.summary or prose.details.partition("\n")[0],
        modified=head.modified,
        withdrawn=head.withdrawn,
        feed=head.feed,
        packages=packages,
        references=tuple(url for _, url in prose.references),
        exploited_since=min((one.added for one in exploited.values() if one.added), default=""),
        exploited=tuple(exploited),
    )


def _versions(affected: Affected) -> str:
    """Which versions are affected, in few words."""
    words = []
    for one in affected.ranges:
        begin = "" if one.introduced == "0" else f">= {one.introduced}"
        last = f"<= {one.last_affected}" if one.last_affected else ""
        end = last or (f"< {one.fixed}" if one.fixed else "")
        words.append(", ".join(filter(None, (begin, end))) or "all versions")
    words += [f"= {version}" for version in affected.versions[:5]]
    if len(affected.versions) > 5:
        words.append(f"and {len(affected.versions) - 5} listed ones")
    return " or ".join(words) or affected.unchecked or "none"


def search_table(found: tuple[Found, ...]) -> str:
    """For people."""
    return "".join(f"{plain(line)}\n" for one in found for line in _lines(one))


def _lines(one: Found) -> Iterator[str]:
    also = f" ({', '.join(one.aliases)})" if one.aliases else ""
    yield f"{one.id}{also}{'  WITHDRAWN' if one.withdrawn else ''}"
    if one.summary:
        yield f"  {one.summary}"
    if one.about:
        more = f" and {len(one.about) - _SHOWN} more" if len(one.about) > _SHOWN else ""
        yield f"  about {', '.join(one.about[:_SHOWN])}{more}"
    if one.exploited:
        since = f", known since {one.exploited_since}" if one.exploited_since else ""
        yield f"  exploited in the wild{since}: {', '.join(one.exploited[:_SHOWN])}"
    for severity in one.severities:
        yield f"  {_SEVERITIES.get(severity.type, 'severity')}: {severity.score}"
    for package in one.packages:
        yield f"  {package.ecosystem} {package.name}: {package.versions}"
    yield f"  of {one.feed}, modified {one.modified}"
    for url in one.references[:3]:
        yield f"  {url}"


def search_json(found: tuple[Found, ...]) -> bytes:
    """For programs."""
    return indented(found, 2)


def status_table(status: DatabaseStatus, missing: tuple[str, ...], signed_by: str) -> str:
    """For people."""
    return "".join(f"{plain(line)}\n" for line in _status_lines(status, missing, signed_by))


def _status_lines(
    status: DatabaseStatus, missing: tuple[str, ...], signed_by: str
) -> Iterator[str]:
    if status.starter:
        yield "starter set only: the best known vulnerabilities, for a first look without network"
        yield "  a scan that finds nothing says little. Get the rest: secure db update"
    yield f"built {status.built_at}; newest record modified {status.newest or 'at no known time'}"
    if signed_by:
        yield f"signed by {signed_by}, checked when it was imported"
    yield f"{status.records} advisories of {len(status.ecosystems)} ecosystems"
    for one in status.ecosystems:
        yield f"  {one.name:32} {one.records:8}  {one.newest}"
    for feed in status.feeds:
        refused = f", {feed.refused} not used" if feed.refused else ""
        yield f"feed {feed.name}: {feed.records} records{refused}, sha256 {feed.sha256[:16]}…"
    yield f"end of support known of {status.releases} releases of distributions"
    if not status.details:
        yield "details and references of advisories are not in it: exported --without-details"
    if missing:
        yield f"missing: {', '.join(missing)}"


def status_json(status: DatabaseStatus, missing: tuple[str, ...], signed_by: str) -> bytes:
    """For programs."""
    told = {**msgspec.structs.asdict(status), "missing": missing, "signed_by": signed_by}
    return indented(told, 2)
