"""When releases of distributions end, by the names that ecosystems have in `Release.name`.

Sources: endoflife-date/release-data, releases/PRODUCT.json; distro-info-data, debian.csv and
ubuntu.csv (a line of titles; a missing field at the end of a line is one that nobody has set).
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from secure import system as os
from secure.errors import ArchiveError, DocumentError
from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.schema import Lifetime
from secure.vulns.zip_directory import check_directory

_MOST_LINES = 10_000
_RELEASE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}").fullmatch


def _named(pattern: str) -> Callable[[str], str]:
    return pattern.format


def _sles(release: str) -> str:
    major, _, pack = release.partition(".")
    return f"SUSE:{major} SP{pack}" if pack not in ("", "0") else f"SUSE:{major}"


# product -> how its releases are called
_PRODUCTS = {
    "almalinux": _named("AlmaLinux:{}"), "alpine-linux": _named("Alpine:v{}"),
    "amazon-linux": _named("Amazon Linux:{}"), "debian": _named("Debian:{}"),
    "fedora": _named("Fedora:{}"), "mageia": _named("Mageia:{}"),
    "opensuse": _named("openSUSE:Leap {}"), "oracle-linux": _named("Oracle Linux:{}"),
    "photon": _named("Photon OS:{}"), "rhel": _named("Red Hat:enterprise_linux:{}"),
    "rocky-linux": _named("Rocky Linux:{}"), "sles": _sles, "ubuntu": _named("Ubuntu:{}"),
}  # fmt: skip

# The columns with the ends of what follows the ordinary support, the last first: only Debian's LTS
# is free of charge.
_EXTENDED = {"debian": ("eol-lts",), "ubuntu": ()}
_PAID = {"debian": ("eol-elts",), "ubuntu": ("eol-legacy", "eol-esm")}


class _Cycle(msgspec.Struct, frozen=True):
    codename: str = ""
    released: str = msgspec.field(default="", name="releaseDate")
    eol: str | bool = ""
    eoes: str | bool = ""


class _Product(msgspec.Struct, frozen=True):
    releases: dict[str, _Cycle] = {}


def read_cycles(path: str, limits: Limits) -> dict[str, Lifetime]:
    """From endoflife's zip of products.

    Raises:
        ArchiveError: damaged, or another kind of file.
    """
    name = os.path.basename(path)
    check_directory(path, name, limits)
    found: dict[str, Lifetime] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                product = member.filename.rpartition("/")[2].removesuffix(".json")
                if product not in _PRODUCTS:
                    continue
                with archive.open(member) as file:
                    raw = file.read(limits.advisory_bytes)
                cycles = msgspec.json.decode(raw, type=_Product).releases
                free = product == "debian"
                found.update(_lifetimes(_PRODUCTS[product], cycles, free))
    except (zipfile.BadZipFile, OSError, ValueError, RecursionError, msgspec.MsgspecError) as cause:
        raise ArchiveError(f"{name}: {plain(str(cause)[:200])}") from cause
    return found


def _lifetimes(
    called: Callable[[str], str], cycles: dict[str, _Cycle], free: bool
) -> Iterator[tuple[str, Lifetime]]:
    """Args: free: the extended support costs nothing."""
    for release, cycle in cycles.items():
        if isinstance(cycle.eol, str):
            extended = _day(cycle.eoes) if isinstance(cycle.eoes, str) else ""
            after = (extended, "") if free else ("", extended)
            dates = (_day(cycle.released), _day(cycle.eol), *after)
            yield called(release), Lifetime(release, plain(cycle.codename), *dates)


def read_distro_info(raw: bytes, distribution: str, where: str) -> dict[str, Lifetime]:
    """From a list of distro-info-data.

    Args:
        distribution: "debian" or "ubuntu".

    Raises:
        DocumentError: it is another kind of file.
    """
    lines = raw.decode("utf-8", "replace").split("\n")
    found: dict[str, Lifetime] = {}
    try:
        for row in csv.DictReader(lines[:_MOST_LINES], restval=""):
            release = (row.get("version") or "").removesuffix(" LTS")
            if not _RELEASE(release) or not row.get("eol"):
                continue
            after = (_first(row, _EXTENDED[distribution]), _first(row, _PAID[distribution]))
            dates = (_day(row.get("release") or ""), _day(row["eol"]), *after)
            name = _PRODUCTS[distribution](release)
            found[name] = Lifetime(release, plain(row.get("codename") or ""), *dates)
    except csv.Error as cause:
        raise DocumentError(f"{where} is no list of releases: {plain(str(cause)[:200])}") from cause
    if not found:
        raise DocumentError(f"{where} has no release with its end in it")
    return found


def _first(row: dict[str, str], columns: tuple[str, ...]) -> str:
    """The day in the first of the columns that has one; ""."""
    return next((day for one in columns if (day := _day(row.get(one) or ""))), "")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
