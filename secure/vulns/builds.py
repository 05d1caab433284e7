"""What a version tells of the line of versions that it belongs to."""

from __future__ import annotations

import re

# Of Oracle ("…el8_fips") and Ubuntu ("…ubuntu2.fips.13", "…ubuntu1.12+Fips1"); ksplice is Oracle's.
_OWN_BUILDS = {
    "FIPS": re.compile(r"[._+~-]fips(?![a-z])", re.IGNORECASE),
    "ksplice": re.compile(r"\.ksplice\d"),
}
_MINOR = re.compile(r"\.el(\d{1,3})_(\d{1,3})(?!\d)")


def own_build(version: str) -> str:
    """What an ordinary version is not: "FIPS", "ksplice"; "" of ordinary ones."""
    if "ips" not in version and "IPS" not in version and ".ksplice" not in version:
        return ""  # of thousands of packages: looking for letters costs a tenth of an expression
    return next((kind for kind, mark in _OWN_BUILDS.items() if mark.search(version)), "")


def minor_release(version: str) -> tuple[int, int] | None:
    """The minor release that an rpm was built for: (9, 2) of "3.0.7-18.el9_2.1"; None if no tag."""
    found = _MINOR.search(version)
    return (int(found[1]), int(found[2])) if found else None
