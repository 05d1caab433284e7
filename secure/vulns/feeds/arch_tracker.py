"""Arch Linux's security tracker as OSV records: one for each group of vulnerabilities (AVG).

A group names packages of one base, the first release that is known to be affected ("affected") and,
where there is one, the release that fixes it. Who has an older release than "affected" is told so
too: the tracker says when somebody looked, not where the fault began.

Source: security.archlinux.org/all.json; wiki.archlinux.org, "Arch Security Team".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.statuses import (
    fixed_in,
    never_affected,
    under_investigation,
    without_fix,
)
from secure.vulns.osv import Advisory, Affected, Reference, Refused, checked
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable

_ECOSYSTEM = "Arch Linux"
_GROUP = re.compile(r"AVG-[0-9]{1,7}").fullmatch
_OPEN = ("Vulnerable", "Testing")


class _Group(msgspec.Struct):
    name: str
    packages: tuple[str, ...]
    status: str
    severity: str = ""
    type: str = ""
    affected: str | None = None
    fixed: str | None = None
    issues: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()


def advisories(raw: bytes, limits: Limits, modified: str) -> Iterator[Advisory | Refused]:
    """The records of one export.

    Args:
        modified: RFC 3339; groups have no time of their own.
    """
    if len(raw) > limits.database_bytes:
        yield Refused("", f"more than {limits.database_bytes} bytes")
        return
    try:
        groups = msgspec.json.decode(raw, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        yield Refused("", f"it is no list of groups: {plain(str(cause)[:200])}")
        return
    for one in groups:
        yield _read(bytes(one), limits, modified)


def _read(raw: bytes, limits: Limits, modified: str) -> Advisory | Refused:
    try:
        group = msgspec.json.decode(raw, type=_Group)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        return Refused("", f"it is no group of the tracker: {plain(str(cause)[:200])}")
    if not _GROUP(group.name):
        return Refused("", f'its name is "{plain(group.name[:50])}"')
    found = [_affected(group, name) for name in dict.fromkeys(group.packages)]
    refused = next((one for one in found if isinstance(one, str)), "")
    if refused:
        return Refused(group.name, refused)
    page = Reference("ADVISORY", f"https://security.archlinux.org/{group.name}")
    return checked(
        Advisory(
            group.name,
            modified,
            upstream=tuple(dict.fromkeys(group.issues)),
            related=tuple(dict.fromkeys(group.advisories)),
            summary=plain(f"{', '.join(group.packages)}: {group.type}"[:1000]),
            affected=tuple(one for one in found if not isinstance(one, str)),
            references=(page,),
            database_specific={"severity": group.severity} if group.severity else None,
        ),
        limits,
    )


def _affected(group: _Group, name: str) -> Affected | str:
    """What the group says of one package, or why it cannot be said."""
    if group.status == "Not affected":
        return never_affected(_ECOSYSTEM, name)
    if group.status == "Fixed" and group.fixed:
        place = key(_ECOSYSTEM, group.fixed)
        return place.reason if isinstance(place, Unorderable) else (
            fixed_in(_ECOSYSTEM, name, group.fixed)
        )  # fmt: skip
    if group.status == "Unknown":
        return under_investigation(_ECOSYSTEM, name)
    if group.status in _OPEN:
        # A fix that is only in [testing] is none for who has the stable repositories.
        return without_fix(_ECOSYSTEM, name, "not-fixed")
    return f'its status is "{plain(group.status[:50])}"'
