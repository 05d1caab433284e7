"""Under which names and versions the database is asked about a package.

    deb             the source package with its own version (deb-control(5), "Source")
    apk             the origin and the package, which have one version
    rpm             the package; the source where advisories name sources
    everything else the name in the spelling of its registry

Never by CPE. A source package's epoch is not in the name of the source rpm: perl-Errno 0:1.28 is
built from perl 4:5.26, and comparing that as 0:5.26 would make every perl-Errno vulnerable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from secure.facts.package import Package
from secure.facts.plain import plain
from secure.vulns.builds import minor_release, own_build
from secure.vulns.releases import Release
from secure.vulns.spelling import usual

# Advisories of these name source packages; of all other rpm distributions, what is installed.
# Microsoft's and SUSE's OVAL has installed names, what OSV has of the same has sources.
_BY_SOURCE = frozenset({"Azure Linux", "SUSE", "openSUSE", "Photon OS", "openEuler", "Mageia"})
_BY_BOTH = frozenset({"Azure Linux", "Photon OS", "SUSE", "openSUSE"})
_BY_NOTE = "elf-note"  # found by secure.scan.package_notes
_SYSTEM = frozenset({"deb", "apk", "rpm", "alpm", "portage"})
# How distributions package; all others by rpm.
_TYPE_OF = {
    "Alpaquita": "apk", "Alpine": "apk", "Arch Linux": "alpm", "Chainguard": "apk",
    "Debian": "deb", "Echo": "deb", "Gentoo": "portage", "MinimOS": "apk", "Ubuntu": "deb",
    "Wolfi": "apk",
}  # fmt: skip

_ECOSYSTEMS = {
    "cargo": "crates.io", "composer": "Packagist", "conan": "ConanCenter", "cran": "CRAN",
    "gem": "RubyGems", "github": "GitHub Actions", "golang": "Go", "hackage": "Hackage",
    "hex": "Hex", "julia": "Julia", "maven": "Maven", "npm": "npm", "nuget": "NuGet",
    "opam": "opam", "pub": "Pub", "pypi": "PyPI", "swift": "SwiftURL",
}  # fmt: skip
# "linux-libc-dev", "linux-libc-dev-arm64-cross"; "linux-headers-6.1.0-18-amd64", "kernel-headers",
# "linux-aws-headers-5.15.0-1051"; SUSE's
_HEADERS = re.compile(
    r"linux-libc-dev(?:-.+)?|(?:linux|kernel)(?:-[a-z0-9.+]+){0,5}-headers(?:-.+)?|linux-glibc-devel"
).fullmatch


class Channel(StrEnum):
    """Whose fixes an ecosystem's advisories speak of."""

    OWN = ""  # those that the package's next update brings
    PAID = "paid"  # those of subscribers, which this package is not from
    MINOR = "minor"  # those of one minor release


class Asked(msgspec.Struct, frozen=True):
    """One question to the database.

    Args:
        version: to compare; of the source package where the name is a source package's.
        epoch_known: False where `version` is a source rpm's: its epoch is not told.
    """

    ecosystem: str
    name: str
    version: str
    epoch_known: bool = True
    channel: Channel = Channel.OWN


class NotAsked(msgspec.Struct, frozen=True):
    """A package that cannot be looked up, and why: half a sentence."""

    ecosystem: str
    why: str


def is_system(package: Package) -> bool:
    """Packages that mean nothing without their distribution."""
    return package.type in _SYSTEM


def is_kernel_headers(package: Package) -> bool:
    """Declarations for compilers, built from the kernel's source: no kernel code."""
    return package.type in _SYSTEM and bool(_HEADERS(package.name))


def questions(package: Package, release: Release, known: frozenset[str]) -> list[Asked] | NotAsked:
    """What to ask about one package.

    Args:
        release: of the image.
        known: every ecosystem that the database has.
    """
    why = _unnamed(package)
    if why:
        return NotAsked(_ecosystem(package, release), why)
    if package.type in _SYSTEM:
        return _system(package, release)
    ecosystem = _ECOSYSTEMS.get(package.type)
    if ecosystem is None:
        return NotAsked(package.type, f'no advisories for packages of type "{package.type}"')
    if ecosystem not in known:
        return NotAsked(ecosystem, f"the database has no advisories for {ecosystem}")
    version = _version(package)
    if version is None:
        return NotAsked(ecosystem, f'"{plain(package.version[:80])}" is no released version')
    return [Asked(ecosystem, usual(ecosystem, registry_name(package)), version)]


def _unnamed(package: Package) -> str:
    """Why the package cannot be asked for by name and version; "" where it can."""
    if not package.version:
        return "no version is known"
    name = package.name + package.namespace + package.source
    # JSON of a hostile image may hold lone surrogates, which no database can be asked for.
    if not name.isascii() and any("\ud800" <= letter <= "\udfff" for letter in name):
        return "its name is no Unicode text"
    return ""


def registry_name(package: Package) -> str:
    """The name as its registry has it: "@types/node", "group:artifact", "example.com/m/v2"."""
    if not package.namespace:
        return package.name
    if package.type == "maven":
        return f"{package.namespace}:{package.name}"
    return f"{package.namespace}/{package.name}"


def _version(package: Package) -> str | None:
    if package.type != "golang":
        return package.version
    # A program built outside of a checkout or from a changed one: no version that anyone fixed.
    if package.version.startswith("("):
        return None
    return package.version.removeprefix("v").removeprefix("go")


def _ecosystem(package: Package, release: Release) -> str:
    if package.type in _SYSTEM:
        return release.name or package.type
    return _ECOSYSTEMS.get(package.type, package.type)


def _system(package: Package, release: Release) -> list[Asked] | NotAsked:
    if release.why:
        return NotAsked(release.name or package.type, release.why)
    family = release.name.partition(":")[0]
    if package.type != _TYPE_OF.get(family, "rpm"):
        why = f'packages of type "{package.type}" are not of {release.name}'
        return NotAsked(release.name, why)
    if package.found_by == _BY_NOTE and (
        package.type == "rpm" or package.namespace != family.lower()
    ):
        # The note of a program names no epoch, and of another distribution means other versions.
        why = f'only a program built for "{plain(package.namespace)}" tells of it'
        return NotAsked(release.name, why)
    names = _names(package, family)
    return [
        Asked(ecosystem, name, version, epoch_known, channel)
        for ecosystem, channel in _channels(package.version, release)
        for name, version, epoch_known in names
    ]


def _channels(version: str, release: Release) -> Iterator[tuple[str, Channel]]:
    """The ecosystems that speak of a package, and whose fixes they are."""
    subscribed: tuple[str, ...] = ()
    # A package from Ubuntu Pro is ahead of the archive: only Pro's advisories know its fixes.
    if own_build(version) == "FIPS":
        subscribed = release.fips
    elif "esm" in version:
        subscribed = release.paid
    if subscribed:
        yield from ((one, Channel.OWN) for one in subscribed)
        return
    yield from ((one, Channel.OWN) for one in release.ecosystems)
    yield from ((one, Channel.PAID) for one in release.paid)
    if release.minors and (built := minor_release(version)):
        tag = f":{built[0]}.{built[1]}"
        yield from ((one, Channel.MINOR) for one in release.minors if f"{tag}:" in f"{one}:")


def _names(package: Package, family: str) -> list[tuple[str, str, bool]]:
    source, source_version = package.source or package.name, package.source_version
    if package.type == "deb":
        return [(source, source_version or package.version, True)]
    if package.type == "apk":
        return [(name, package.version, True) for name in dict.fromkeys((source, package.name))]
    if package.type == "portage":
        return [(registry_name(package), package.version, True)]
    if package.type == "alpm":
        return [(package.name, package.version, True)]
    own = (package.name, _with_epoch(package), True)
    if family not in _BY_SOURCE:
        return [own]
    if not source_version or source_version == package.version:
        asked = (source, _with_epoch(package), True)
    else:
        asked = (source, source_version, False)
    return list(dict.fromkeys((own, asked))) if family in _BY_BOTH else [asked]


def _with_epoch(package: Package) -> str:
    if package.epoch and package.epoch != "0" and ":" not in package.version:
        return f"{package.epoch}:{package.version}"
    return package.version
