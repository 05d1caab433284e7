"""Which version to go to: the least that removes all that can be removed, and brings nothing new.

The first fix of one flaw is often vulnerable to the next: twenty flaws would be twenty updates.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from secure.facts.package import Package
from secure.vulns.compact import Affected
from secure.vulns.comparison import compared, may_be_affected
from secure.vulns.names import Asked
from secure.vulns.ranges import State
from secure.vulns.versions.order import key

_MOST = 100  # versions that are tried


def safe_version(
    package: Package, asked: Asked, entries: Iterable[Affected], fixes: Iterable[str]
) -> str:
    """The version to ask for; "" where none of those that advisories name will do.

    Args:
        entries: all flaws of that name, without those that nothing fixes.
        fixes: for each flaw that has one, the first version without it.
    """
    # The interval of each flaw goes on up to its fix, so nothing below the last of them will do.
    first = max(_placed(asked, fixes), default=None)
    if first is None:
        return ""
    told = tuple(entries)
    named = {interval.fixed for one in told for interval in one.ranges if interval.fixed}
    later = {one for one in _placed(asked, named) if one > first}
    for place, version in [first, *sorted(later)][:_MOST]:
        there = msgspec.structs.replace(asked, version=version)
        if not any(_is_affected(package, there, place, one) for one in told):
            return version
    return ""


def _placed(asked: Asked, versions: Iterable[str]) -> Iterator[tuple[str, str]]:
    for version in versions:
        place = key(asked.ecosystem, version)
        if isinstance(place, str):
            yield place, version


def _is_affected(package: Package, asked: Asked, place: str, entry: Affected) -> bool:
    if not may_be_affected(asked, place, entry):
        return False
    return compared(package, asked, entry).state is State.AFFECTED
