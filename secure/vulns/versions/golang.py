"""Versions of Go modules, with or without `v`, and of Go itself (go1.21rc2).

Modules: semantic versions; pseudo-versions and `+incompatible` need no more. The toolchain's
pre-releases are written without hyphen and dot: OSV records say 1.21.0-rc.2, and so does the key.

Source: go.dev/ref/mod#versions; go.dev/doc/toolchain#version. The oracle is x/mod/semver.
"""

from __future__ import annotations

import re

from secure.vulns.versions import semver
from secure.vulns.versions.unorderable import Unorderable

_toolchain = re.compile(r"(?:go)?([0-9]+\.[0-9]+)(\.[0-9]+)?(?:(beta|rc)([0-9]+))?").fullmatch


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Go module or of Go."""
    if found := _toolchain(version):
        base, patch, stage, count = found.groups()
        version = base + (patch or ".0") + (f"-{stage}.{count}" if stage else "")
    return semver.key(version)
