"""Which ecosystem orders its versions how: OSV's names, and those of feeds OSV does not carry.

Source: OSV schema 1.7, "Defined ecosystems".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from secure.vulns.versions import (
    apk,
    composer,
    dotted,
    dpkg,
    gem,
    golang,
    maven,
    nuget,
    pacman,
    pep440,
    portage,
    pub,
    rpm,
    semver,
)
from secure.vulns.versions.unorderable import Unorderable

_Family: TypeAlias = Callable[[str], str | Unorderable]

# Rebuilds of others' packages, named "Root:Alpine:3.18": the second name tells the order.
_REBUILDERS = frozenset({"Docker Hardened Images", "Root", "TuxCare"})

_ECOSYSTEMS: tuple[tuple[_Family, tuple[str, ...]], ...] = (
    (apk.key, ("Alpaquita", "Alpine", "BellSoft Hardened Containers", "Chainguard", "CleanStart",
               "MinimOS", "Wolfi")),
    (composer.key, ("Packagist",)),
    (dotted.key, ("Bioconductor", "CRAN", "GHC", "Hackage")),
    (dpkg.key, ("Debian", "Echo", "Ubuntu", "opam")),
    (gem.key, ("RubyGems",)),
    (golang.key, ("Go",)),
    (maven.key, ("Maven",)),
    (nuget.key, ("NuGet",)),
    (pacman.key, ("Arch Linux",)),
    (pep440.key, ("PyPI",)),
    (portage.key, ("Gentoo",)),
    (pub.key, ("Julia", "Pub")),
    (rpm.key, ("AlmaLinux", "Amazon Linux", "Azure Linux", "Fedora", "Mageia", "Oracle Linux",
               "Photon OS", "Red Hat", "Rocky Linux", "SUSE", "SUSE Linux Enterprise Server",
               "openEuler", "openSUSE")),
    (semver.key, ("Bitnami", "GitHub Actions", "Hex", "Kubernetes", "SwiftURL", "VSCode",
                  "crates.io", "npm")),
)  # fmt: skip

FAMILY = {name: key for key, names in _ECOSYSTEMS for name in names}

# Their records say commits, tags or patch levels, or follow rules not written here.
_UNORDERED = frozenset({"Android", "ConanCenter", "FreeBSD", "GIT", "Linux", "OSS-Fuzz"})

ECOSYSTEMS = FAMILY.keys() | _REBUILDERS | _UNORDERED


def family(ecosystem: str) -> _Family | None:
    """How `ecosystem` orders versions, whatever its suffix says; None where no order is known."""
    name, _, rest = ecosystem.partition(":")
    if name in _REBUILDERS:
        name = rest.partition(":")[0]
    return FAMILY.get(name)
