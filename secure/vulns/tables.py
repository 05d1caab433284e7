"""What stands beside advisories: exploited vulnerabilities, probabilities, ends of releases.

Sources: CISA, known_exploited_vulnerabilities_schema.json; FIRST, EPSS data (a comment line, then
cve,epss,percentile).
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from secure import system as os
from secure.errors import ArchiveError, DocumentError
from secure.facts.image import Unreadable
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
    vulnerabilities: tuple[msgspec.Raw, ...]


def tables_of(paths: list[str], limits: Limits) -> tuple[Tables, list[str]]:
    """The tables among `paths`, told by their names, and the paths that are none.

    What a distribution itself says of its releases goes before what endoflife says.
    """
    kev: dict[str, Exploited] = {}
    epss: dict[str, Probability] = {}
    cycles: dict[str, Lifetime] = {}
    lifetimes: dict[str, Lifetime] = {}
    rest, unreadable = [], list[Unreadable]()
    for path in paths:
        name = os.path.basename(path)
        if name == _KEV:
            listed, refused = read_kev(whole(path, limits), name)
            kev.update(listed)
            unreadable += refused
        elif _EPSS(name):
            told, refused = read_epss(whole(path, limits), name)
            epss.update(told)
            unreadable += refused
        elif name.endswith(_CYCLES):
            cycles.update(read_cycles(path, limits))
        elif found := _DISTRO_INFO(name):
            lifetimes.update(read_distro_info(whole(path, limits), found[1], name))
        else:
            rest.append(path)
    return Tables(kev, sorted(epss.items()), cycles | lifetimes, tuple(unreadable)), rest


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


def read_kev(raw: bytes, where: str) -> tuple[dict[str, Exploited], list[Unreadable]]:
    """CISA's catalogue by CVE, and the entries that are none.

    Raises:
        DocumentError: it is another kind of file, or has no entry.
    """
    try:
        entries = msgspec.json.decode(raw, type=_Kev).vulnerabilities
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        raise DocumentError(f"{where} is no catalogue of exploited vulnerabilities") from cause
    found: dict[str, Exploited] = {}
    unreadable = []
    for number, entry in enumerate(entries, start=1):
        try:
            one = msgspec.json.decode(entry, type=_KevEntry)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
            unreadable.append(Unreadable(f"{where}: entry {number}", 0, str(cause)))
            continue
        if CVE.fullmatch(one.cve_id):
            found[one.cve_id] = _exploited(one)
        else:
            why = f'"{one.cve_id[:100]}" is no CVE'
            unreadable.append(Unreadable(f"{where}: entry {number}", 0, why))
    if not found:
        raise DocumentError(f"{where} has no exploited vulnerability in it")
    return found, unreadable


def _exploited(entry: _KevEntry) -> Exploited:
    return Exploited(
        added=_date(entry.date_added),
        due=_date(entry.due_date),
        name=plain(entry.vulnerability_name[:_MOST_CHARS]),
        action=plain(entry.required_action[:_MOST_CHARS]),
        ransomware=entry.known_ransomware_campaign_use == "Known",
    )


def read_epss(raw: bytes, where: str) -> tuple[dict[str, Probability], list[Unreadable]]:
    """Probabilities by CVE, and the lines that are none.

    Raises:
        DocumentError: no line is one.
    """
    found: dict[str, Probability] = {}
    unreadable = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        cve, _, numbers = line.decode("ascii", "replace").partition(",")
        score, _, percentile = numbers.partition(",")
        told = (_probability(score), _probability(percentile))
        if CVE.fullmatch(cve) and told[0] is not None and told[1] is not None:
            found[cve] = Probability(told[0], told[1])
        elif line.strip() and not line.startswith((b"#", b"cve,")):
            unreadable.append(Unreadable(f"{where}:{number}", 0, "it is no CVE with two numbers"))
    if not found:
        raise DocumentError(f"{where} has no probability of exploitation in it")
    return found, unreadable


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
