"""Dart's versions: semantic versions whose build metadata counts, after everything else.

Source: pub_semver, "Version"; dart.dev/tools/pub/versioning.
"""

from __future__ import annotations

from secure.vulns.versions import semver
from secure.vulns.versions.unorderable import Unorderable


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Dart package."""
    told, build = semver.ranked(version)
    if isinstance(told, Unorderable) or not build:
        return told
    return told + semver.identifiers(build)
