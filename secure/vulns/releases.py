"""Which of the database's ecosystems speak of a distribution's release, by its os-release.

Names are OSV's ("Debian:12", "Ubuntu:22.04:LTS", "Alpine:v3.20"), and the same form for vendors
that OSV does not carry. Red Hat's and SUSE's name a product or repository after the release; all
of them that belong to the release count.

Sources: OSV schema 1.7, "Defined ecosystems"; os-release(5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import msgspec

from secure.facts.files import OsRelease
from secure.facts.plain import plain

_MINOR_STREAM = re.compile(r"Red Hat:rhel_(?:eus|aus|tus|e4s|els):(\d+)\.\d+").match
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?")


class Release(msgspec.Struct, frozen=True):
    """One release of a distribution, as the database knows it.

    Args:
        name: "Debian:12"; for people where `ecosystems` is empty.
        ecosystems: names in the database, sorted; () where it has none.
        why: half a sentence why there is none; "" where there is one.
        paid: names for those who pay for longer support (Ubuntu Pro, ESM).
        fips: names for builds for FIPS (Ubuntu Pro).
        minors: names for minor releases that get fixes of their own (Red Hat EUS, AUS, TUS, E4S).
    """

    name: str
    ecosystems: tuple[str, ...] = ()
    why: str = ""
    paid: tuple[str, ...] = ()
    fips: tuple[str, ...] = ()
    minors: tuple[str, ...] = ()

    @property
    def is_known(self) -> bool:
        """The database has advisories for it, for subscribers at least."""
        return bool(self.ecosystems or self.paid)


def release_of(system: OsRelease | None, known: Collection[str]) -> Release:
    """The release of an image.

    Args:
        known: every ecosystem that the database has.
    """
    if system is None or not system.id:
        return Release("", why="no file tells which distribution it is")
    make = _MAKERS.get(system.id)
    if make is None:
        return Release(plain(system.id), why=f'no advisories of "{plain(system.id)}" are known')
    name = make(system)
    if not name:
        return Release(_title(system), why=_NO_RELEASE.get(system.id, "its release is not told"))
    found = tuple(sorted(one for one in known if _speaks_of(one, name)))
    paid, minors = _of_pro(name, known, ""), _of_minors(name, known)
    made = Release(name, found, "", paid, _of_pro(name, known, "FIPS-updates:", "FIPS:"), minors)
    if made.is_known:
        return made
    return Release(name, why=f"the database has no advisories for {name}")


def _of_pro(name: str, known: Collection[str], *kinds: str) -> tuple[str, ...]:
    """Ubuntu Pro's: "Ubuntu:Pro:20.04:LTS", "Ubuntu:Pro:FIPS-updates:20.04:LTS"."""
    family, _, release = name.partition(":")
    wanted = [f"Ubuntu:Pro:{kind}{release}" for kind in kinds] if family == "Ubuntu" else []
    return tuple(sorted(one for one in known if any(_speaks_of(one, pro) for pro in wanted)))


def _of_minors(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Red Hat's for minor releases: "Red Hat:rhel_eus:9.2::baseos"."""
    major = name.removeprefix("Red Hat:enterprise_linux:")
    found = ((one, _MINOR_STREAM(one)) for one in known) if major != name else ()
    return tuple(sorted(one for one, minor in found if minor and minor[1] == major))


def _speaks_of(ecosystem: str, name: str) -> bool:
    family, _, rest = name.partition(":")
    if family == "SUSE":  # "SUSE:Linux Enterprise Module for Basesystem 15 SP5"
        return ecosystem.startswith("SUSE:") and f"{ecosystem} ".endswith(f" {rest} ")
    # Of Red Hat repositories follow ("Red Hat:enterprise_linux:9::baseos"), of Ubuntu ":LTS".
    return ecosystem == name or ecosystem.startswith(f"{name}:")


_NO_RELEASE = {
    "debian": "testing and unstable have no version that advisories could name",
    "centos": "CentOS Stream is ahead of the versions that advisories name",
}


def _title(system: OsRelease) -> str:
    return plain(system.pretty_name or f"{system.id} {system.version_id}".strip())


# Debian writes the codename alone into images of a release that is still testing.
_DEBIAN = {
    "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12",
    "trixie": "13", "forky": "14",
}  # fmt: skip


def _debian(system: OsRelease) -> str:
    if system.version_id:
        return f"Debian:{_major(system)}"
    if "/sid" in system.pretty_name or system.version_codename not in _DEBIAN:
        return ""
    return f"Debian:{_DEBIAN[system.version_codename]}"


def _ubuntu(system: OsRelease) -> str:
    return f"Ubuntu:{system.version_id}" if system.version_id else ""


def _alpine(system: OsRelease) -> str:
    number = _NUMBER.match(system.version_id)
    if number is None or number[2] is None:
        return ""
    # "3.21.0_alpha20240923" is edge: the branch that becomes the next release.
    if "_alpha" in system.version_id or "edge" in system.pretty_name.lower():
        return "Alpine:edge"
    return f"Alpine:v{number[1]}.{number[2]}"


def _major(system: OsRelease) -> str:
    number = _NUMBER.match(system.version_id)
    return number[1] if number else ""


def _by_major(family: str) -> Callable[[OsRelease], str]:
    def made(system: OsRelease) -> str:
        major = _major(system)
        return f"{family}:{major}" if major else ""

    return made


def _by_version(family: str) -> Callable[[OsRelease], str]:
    def made(system: OsRelease) -> str:
        return f"{family}:{system.version_id}" if system.version_id else ""

    return made


def _rolling(family: str) -> Callable[[OsRelease], str]:
    return lambda _: family


def _amazon(system: OsRelease) -> str:
    # "2018.03" and other years before 2022 are the first Amazon Linux.
    major = _major(system)
    old = len(major) == 4 and major < "2022"
    return f"Amazon Linux:{'1' if old else major}" if major else ""


def _suse(system: OsRelease) -> str:
    number = _NUMBER.match(system.version_id)
    if number is None:
        return ""
    pack = f" SP{number[2]}" if number[2] and number[2] != "0" else ""
    return f"SUSE:{number[1]}{pack}"


def _centos(system: OsRelease) -> str:
    # CentOS Linux was built from RHEL's sources with its versions; Stream is ahead of them.
    if "stream" in system.name.lower() or not _major(system):
        return ""
    return f"Red Hat:enterprise_linux:{_major(system)}"


def _open_euler(system: OsRelease) -> str:
    # VERSION_ID is "22.03" of all its service packs, which advisories name: "22.03-LTS-SP3".
    pack = re.search(r"\((LTS(?:-SP\d{1,2})?)\)", system.pretty_name)
    made = f"openEuler:{system.version_id}" if system.version_id else ""
    return f"{made}-{pack[1]}" if made and pack else made


_MAKERS: dict[str, Callable[[OsRelease], str]] = {
    "almalinux": _by_major("AlmaLinux"),
    "alpaquita": _by_version("Alpaquita"),
    "alpine": _alpine,
    "amzn": _amazon,
    "arch": _rolling("Arch Linux"),
    "azurelinux": _by_major("Azure Linux"),
    "centos": _centos,
    "chainguard": _rolling("Chainguard"),
    "debian": _debian,
    "echo": _rolling("Echo"),
    "fedora": _by_major("Fedora"),
    "gentoo": _rolling("Gentoo"),
    "mageia": _by_major("Mageia"),
    "mariner": _by_major("Azure Linux"),
    "minimos": _rolling("MinimOS"),
    "ol": _by_major("Oracle Linux"),
    "openeuler": _open_euler,
    "opensuse-leap": lambda system: (
        f"openSUSE:Leap {system.version_id}" if system.version_id else ""
    ),
    "opensuse-tumbleweed": _rolling("openSUSE:Tumbleweed"),
    "photon": _by_version("Photon OS"),
    "rhel": _by_major("Red Hat:enterprise_linux"),
    "rocky": _by_major("Rocky Linux"),
    "sles": _suse,
    "ubuntu": _ubuntu,
    "wolfi": _rolling("Wolfi"),
}
