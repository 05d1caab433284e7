"""What a feed says of a package besides a fixed version, in the words that our feeds share."""

from __future__ import annotations

from secure.vulns.osv import Affected, Event, Package, Range


def fixed_in(ecosystem: str, name: str, version: str) -> Affected:
    """Affected until `version`."""
    events = (Event(introduced="0"), Event(fixed=version))
    return Affected(Package(ecosystem, name), (Range("ECOSYSTEM", events),))


def never_affected(ecosystem: str, name: str) -> Affected:
    """A statement that takes other sources' findings back."""
    return _all_versions(ecosystem, name, {"status": "not_affected"})


def under_investigation(ecosystem: str, name: str) -> Affected:
    """Nobody has said yet whether it is affected."""
    return _all_versions(ecosystem, name, {"status": "under_investigation"})


def without_fix(ecosystem: str, name: str, fix_state: str) -> Affected:
    """Affected in every version: "not-fixed", "wont-fix" or "end-of-life"."""
    return _all_versions(ecosystem, name, {"fix_state": fix_state})


def _all_versions(ecosystem: str, name: str, told: dict[str, str]) -> Affected:
    return Affected(
        Package(ecosystem, name),
        (Range("ECOSYSTEM", (Event(introduced="0"),)),),
        database_specific={"secure": told},
    )
