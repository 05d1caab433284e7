"""NuGet's versions: semantic versions of up to four numbers, letters of either case alike.

Source: learn.microsoft.com/nuget/concepts/package-versioning.
"""

from __future__ import annotations

from secure.vulns.versions import semver
from secure.vulns.versions.unorderable import Unorderable


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a NuGet package."""
    return semver.key(version.lower())
