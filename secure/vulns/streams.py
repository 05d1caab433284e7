"""Several streams of fixes for one release: for everybody, for subscribers, for a minor release.

Ubuntu fixes a release for all during its standard support, and longer (and more packages) for those
who have Pro; both kinds of fixes have ecosystems of their own. Red Hat goes on fixing some minor
releases (EUS, AUS, TUS, E4S) while later ones have fixes of a higher version:
openssl-3.0.7-18.el9_2.1 has what openssl-3.0.7-25.el9_3 has.

Sources: ubuntu.com/security/esm; access.redhat.com/support/policy/updates/errata, "EUS".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from secure.facts.package import Package
from secure.vulns.advisories import Advisories
from secure.vulns.builds import minor_release
from secure.vulns.compact import Affected
from secure.vulns.comparison import compared
from secure.vulns.findings import FIXED, Hit, denies
from secure.vulns.names import Asked, Channel
from secure.vulns.ranges import Judged, State
from secure.vulns.releases import Release
from secure.vulns.versions.order import key


def counting(
    package: Package, held: list[tuple[Affected, Judged]], passed: Sequence[Affected]
) -> tuple[Affected, Judged] | None:
    """Of all that one advisory says of a package what counts; None where it has a fix of its own.

    AlmaLinux lists a module's package once for every build that has the fix, and errata of several
    minor releases name a fix for each: an image needs only one of them.

    Args:
        held: statements that hold its version, with the comparison; never empty.
        passed: those whose fix it has.
    """
    if passed and package.modularity:
        return None
    own = minor_release(package.version) if package.type == "rpm" else None
    if own is None:
        return held[0]
    if any(minor_release(one.fixed) == own for entry in passed for one in entry.ranges):
        return None
    same = (one for one in held if minor_release(one[1].fixed or "") == own)
    return next(same, held[0])


def fixed_in_stream(package: Package, asked: Asked, entries: Iterable[Affected]) -> Iterator[Hit]:
    """What the stream of the package's minor release has fixed in it, as statements."""
    place = key(asked.ecosystem, asked.version)
    for entry in entries:
        if not isinstance(place, str) or not any(
            one.fixed_key and one.fixed_key <= place for one in entry.ranges
        ):
            continue
        judged = compared(package, asked, entry)
        if judged.state is State.NOT_AFFECTED:
            yield Hit(package, asked, msgspec.structs.replace(entry, status=FIXED), judged)


def without_idle_statements(hits: list[Hit]) -> list[Hit]:
    """Without statements on packages of which nobody says that they are affected."""
    affected = {id(hit.package) for hit in hits if not denies(hit.affected)}
    return [hit for hit in hits if not denies(hit.affected) or id(hit.package) in affected]


def without_free_fixes(hits: list[Hit], database: Advisories, release: Release) -> list[Hit]:
    """Without what subscribers get in another version than that of the archive, which is there."""
    paid = {hit.asked.name for hit in hits if hit.asked.channel is Channel.PAID}
    free: dict[tuple[str, int], list[tuple[str, Affected]]] = defaultdict(list)
    for ecosystem in release.ecosystems if paid else ():
        for name, entries in database.affected_by_name(ecosystem, sorted(paid)).items():
            for one in entries:
                free[name, one.number].append((ecosystem, one))
    return [
        hit
        for hit in hits
        if hit.asked.channel is not Channel.PAID
        or not any(
            _has_fix(hit, ecosystem, entry)
            for ecosystem, entry in free.get((hit.asked.name, hit.affected.number), ())
        )
    ]


def _has_fix(hit: Hit, ecosystem: str, entry: Affected) -> bool:
    asked = msgspec.structs.replace(hit.asked, ecosystem=ecosystem)
    return any(True for _ in fixed_in_stream(hit.package, asked, (entry,)))
