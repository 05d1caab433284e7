"""Which distribution an image is, told by the files that were there before os-release(5).

Sources: lsb_release(1); the release files of CentOS 5 and 6, Amazon Linux 1, SLES 11, Alpine 2,
Debian 6 and OpenWrt, which have no os-release.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from secure.facts.files import OsRelease
from secure.facts.location import text

# "NAME release VERSION (CODENAME)"
_RELEASE = re.compile(
    r"([^\n]{1,80}?) release ([0-9][0-9A-Za-z.]{0,20})?[^\n(]{0,40}(?:\(([^)\n]{1,40})\))?"
)
# What such a file begins with, and the ID that the same distribution has in os-release.
_IDS = (
    ("red hat", "rhel"), ("centos", "centos"), ("fedora", "fedora"), ("amazon", "amzn"),
    ("oracle", "ol"), ("rocky", "rocky"), ("almalinux", "almalinux"),
    ("scientific", "scientific"), ("cloudlinux", "cloudlinux"),
    ("opensuse", "opensuse"), ("suse linux enterprise server", "sles"),
    ("suse linux enterprise desktop", "sled"), ("mageia", "mageia"), ("anolis", "anolis"),
)  # fmt: skip


def _parse_lsb(content: bytes) -> OsRelease:
    """KEY=VALUE lines of a shell, as Ubuntu, Arch and OpenWrt have them."""
    found: dict[str, str] = {}
    for line in text(content).splitlines():
        key, _, value = line.strip().partition("=")
        found[key] = value.strip("\"'")
    return OsRelease(
        id=found.get("DISTRIB_ID", "").lower(),
        version_id=found.get("DISTRIB_RELEASE", ""),
        version_codename=found.get("DISTRIB_CODENAME", "").lower(),
        name=found.get("DISTRIB_ID", ""),
        pretty_name=found.get("DISTRIB_DESCRIPTION", ""),
    )


def _parse_redhat(content: bytes) -> OsRelease:
    line = _first_line(content)
    match = _RELEASE.match(line)
    if match is None:
        return OsRelease()
    name, version, codename = match[1], match[2] or "", match[3] or ""
    return OsRelease(
        id=_id_of(name),
        version_id=version,
        version_codename=codename.lower(),
        name=name,
        pretty_name=line,
    )


def _parse_suse(content: bytes) -> OsRelease:
    """A name, then "VERSION = 11" and "PATCHLEVEL = 4", which os-release writes as 11.4."""
    lines = text(content).strip().splitlines()
    pairs = (line.partition("=") for line in lines[1:])
    found = {key.strip(): value.strip() for key, _, value in pairs}
    version, patch = found.get("VERSION", ""), found.get("PATCHLEVEL", "0")
    name = lines[0].partition(" (")[0] if lines else ""
    return OsRelease(
        id=_id_of(name),
        version_id=version if patch == "0" else f"{version}.{patch}",
        version_codename=found.get("CODENAME", "").lower(),
        name=name,
        pretty_name=name,
    )


def _parse_alpine(content: bytes) -> OsRelease:
    return OsRelease(id="alpine", version_id=_first_line(content), name="Alpine Linux")


def _parse_debian(content: bytes) -> OsRelease:
    """ "12.5", or "trixie/sid" of a release that is still in the making."""
    line = _first_line(content)
    numbered = line[:1].isdigit()
    return OsRelease(
        id="debian",
        version_id=line.partition(".")[0] if numbered else "",
        version_codename="" if numbered else line.partition("/")[0],
        name="Debian GNU/Linux",
    )


def _parse_arch(_: bytes) -> OsRelease:
    """An empty file: being there is its message."""
    return OsRelease(id="arch", name="Arch Linux")


def _parse_gentoo(content: bytes) -> OsRelease:
    """ "Gentoo Base System release 2.14"."""
    version = _first_line(content).rpartition(" ")[2]
    return OsRelease(id="gentoo", version_id=version, name="Gentoo")


def _first_line(content: bytes) -> str:
    return text(content[:200].strip().partition(b"\n")[0])


def _id_of(name: str) -> str:
    lower = name.lower()
    return next((known for start, known in _IDS if lower.startswith(start)), "")


# Derivatives keep the files of what they come from, so those of derivatives come first.
PARSERS: dict[bytes, Callable[[bytes], OsRelease]] = {
    b"etc/lsb-release": _parse_lsb,
    b"etc/openwrt_release": _parse_lsb,
    b"etc/oracle-release": _parse_redhat,
    b"etc/rocky-release": _parse_redhat,
    b"etc/almalinux-release": _parse_redhat,
    b"etc/centos-release": _parse_redhat,
    b"etc/fedora-release": _parse_redhat,
    b"etc/system-release": _parse_redhat,
    b"etc/redhat-release": _parse_redhat,
    b"etc/SuSE-release": _parse_suse,
    b"etc/alpine-release": _parse_alpine,
    b"etc/arch-release": _parse_arch,
    b"etc/gentoo-release": _parse_gentoo,
    b"etc/debian_version": _parse_debian,
}
