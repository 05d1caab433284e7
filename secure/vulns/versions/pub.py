"""Dart's and Julia's versions: semantic ones whose build metadata counts, after everything else.

Julia packs libraries of others so: FFMPEG_jll 4.3.1+2 has a fix that 4.3.1+0 has not.

Source: pub_semver, "Version"; dart.dev/tools/pub/versioning; Julia's base/version.jl.
"""

from __future__ import annotations

from secure.vulns.versions import semver
from secure.vulns.versions.unorderable import Unorderable


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Dart or Julia package."""
    told, build = semver.ranked(version)
    if isinstance(told, Unorderable) or not build:
        return told
    return told + semver.identifiers(build)
