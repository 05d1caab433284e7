"""What stands beside advisories: exploited vulnerabilities, probabilities, ends of releases.

Sources: CISA, known_exploited_vulnerabilities_schema.json; FIRST, EPSS data (a comment line, then
cve,epss,percentile).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import msgspec

from secure import system as os
from secure.errors import ArchiveError, DocumentError
from secure.facts.plain import plain
from secure.images.decompress import decompressed
from secure.oci.limits import Limits
from secure.vulns.build import Tables
from secure.vulns.feeds.words import CVE
from secure.vulns.lifetimes import read_cycles, read_distro_info
from secure.vulns.schema import Exploited, Lifetime, Probability

_KEV, _CYCLES = "known_exploited_vulnerabilities.json", "release-data.zip"
_DISTRO_INFO = re.compile(r"(?:distro-info-)?(debian|ubuntu)\.csv").fullmatch
_EPSS = re.compile(r"epss.*\.csv").match
_MOST_ENTRIES = 2_000_000
_MOST_CHARS = 4_000


class _KevEntry(msgspec.Struct, frozen=True, rename="camel"):
    cve_id: str = msgspec.field(name="cveID")
    date_added: str = ""
    due_date: str = ""
    vulnerability_name: str = ""
    required_action: str = ""
    known_ransomware_campaign_use: str = ""


class _Kev(msgspec.Struct, frozen=True):
    vulnerabilities: tuple[_KevEntry, ...]


def tables_of(paths: list[str], limits: Limits) -> tuple[Tables, list[str]]:
    """The tables among `paths`, told by their names, and the paths that are none.

    What a distribution itself says of its releases goes before what endoflife says.
    """
    kev: dict[str, Exploited] = {}
    epss: dict[str, Probability] = {}
    cycles: dict[str, Lifetime] = {}
    lifetimes: dict[str, Lifetime] = {}
    rest = []
    for path in paths:
        name = os.path.basename(path)
        if name == _KEV:
            kev.update(read_kev(whole(path, limits), name))
        elif _EPSS(name):
            epss.update(read_epss(whole(path, limits), name))
        elif name.endswith(_CYCLES):
            cycles.update(read_cycles(path, limits))
        elif found := _DISTRO_INFO(name):
            lifetimes.update(read_distro_info(whole(path, limits), found[1], name))
        else:
            rest.append(path)
    return Tables(kev, sorted(epss.items()), cycles | lifetimes), rest


def is_table(name: str) -> bool:
    """The file with this name has one of the tables."""
    return name == _KEV or name.endswith(_CYCLES) or bool(_EPSS(name) or _DISTRO_INFO(name))


def whole(path: str, limits: Limits, most: int = 0) -> bytes:
    """A file of moderate size, unpacked.

    Args:
        most: bytes; the usual bound is that of a package database.

    Raises:
        ArchiveError, DocumentError: it is damaged, or too large.
    """
    name, made, size = os.path.basename(path), [], 0
    most = most or limits.database_bytes
    try:
        with open(path, "rb") as file:
            for piece in decompressed(file.read, limits, name, outer=True):
                made.append(piece)
                size += len(piece)
                if size > most:
                    raise DocumentError(f"{name} has more than {most} bytes")
    except OSError as cause:
        raise ArchiveError(f'cannot read "{path}": {cause.strerror}') from cause
    return b"".join(made)


def read_kev(raw: bytes, where: str) -> dict[str, Exploited]:
    """CISA's catalogue by CVE.

    Raises:
        DocumentError: it is another kind of file.
    """
    try:
        found = msgspec.json.decode(raw, type=_Kev).vulnerabilities
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise DocumentError(f"{where} is no catalogue of exploited vulnerabilities") from cause
    return {
        one.cve_id: Exploited(
            added=_date(one.date_added),
            due=_date(one.due_date),
            name=plain(one.vulnerability_name[:_MOST_CHARS]),
            action=plain(one.required_action[:_MOST_CHARS]),
            ransomware=one.known_ransomware_campaign_use == "Known",
        )
        for one in found
        if CVE.fullmatch(one.cve_id)
    }


def read_epss(raw: bytes, where: str) -> Iterator[tuple[str, Probability]]:
    """Probabilities by CVE.

    Raises:
        DocumentError: no line is one.
    """
    count = 0
    for line in raw.split(b"\n"):
        cve, _, numbers = line.decode("ascii", "replace").partition(",")
        score, _, percentile = numbers.partition(",")
        found = (_probability(score), _probability(percentile))
        if CVE.fullmatch(cve) and found[0] is not None and found[1] is not None:
            count += 1
            yield cve, Probability(found[0], found[1])
    if not count:
        raise DocumentError(f"{where} has no probability of exploitation in it")


def _probability(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
