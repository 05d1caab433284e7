"""What stands beside advisories: exploited vulnerabilities, probabilities, ends of releases.

Sources: CISA, known_exploited_vulnerabilities_schema.json; FIRST, EPSS data (a comment line, then
cve,epss,percentile); endoflife-date/release-data, releases/PRODUCT.json.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date

import msgspec

from secure import system as os
from secure.errors import ArchiveError, DocumentError
from secure.facts.plain import plain
from secure.images.decompress import decompressed
from secure.oci.limits import Limits
from secure.vulns.build import Tables
from secure.vulns.schema import Exploited, Lifetime, Probability
from secure.vulns.zip_directory import check_directory

_KEV, _LIFETIMES = "known_exploited_vulnerabilities.json", "release-data.zip"
_EPSS = re.compile(r"epss.*\.csv").match
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,12}").fullmatch
_MOST_ENTRIES = 2_000_000
_MOST_CHARS = 4_000

# product -> how its releases are called as an ecosystem; {} is the release
_ECOSYSTEMS = {
    "almalinux": "AlmaLinux:{}", "alpine-linux": "Alpine:v{}", "amazon-linux": "Amazon Linux:{}",
    "debian": "Debian:{}", "fedora": "Fedora:{}", "mageia": "Mageia:{}",
    "opensuse": "openSUSE:Leap {}", "oracle-linux": "Oracle Linux:{}", "rhel": "Red Hat:{}",
    "rocky-linux": "Rocky Linux:{}", "sles": "SUSE:Linux Enterprise Server {}",
    "ubuntu": "Ubuntu:{}",
}  # fmt: skip


class _KevEntry(msgspec.Struct, frozen=True, rename="camel"):
    cve_id: str = msgspec.field(name="cveID")
    date_added: str = ""
    due_date: str = ""
    vulnerability_name: str = ""
    required_action: str = ""
    known_ransomware_campaign_use: str = ""


class _Kev(msgspec.Struct, frozen=True):
    vulnerabilities: tuple[_KevEntry, ...]


class _Cycle(msgspec.Struct, frozen=True):
    name: str = ""
    codename: str = ""
    releaseDate: str = ""  # noqa: N815 - the name in the file
    eol: str | bool = ""
    eoes: str | bool = ""


class _Product(msgspec.Struct, frozen=True):
    releases: dict[str, _Cycle] = {}


def tables_of(paths: list[str], limits: Limits) -> tuple[Tables, list[str]]:
    """The tables among `paths`, told by their names, and the paths that are none."""
    kev: dict[str, Exploited] = {}
    epss: dict[str, Probability] = {}
    lifetimes: dict[str, Lifetime] = {}
    rest = []
    for path in paths:
        name = os.path.basename(path)
        if name == _KEV:
            kev.update(read_kev(whole(path, limits), name))
        elif _EPSS(name):
            epss.update(read_epss(whole(path, limits), name))
        elif name.endswith(_LIFETIMES):
            lifetimes.update(read_lifetimes(path, limits))
        else:
            rest.append(path)
    return Tables(kev, sorted(epss.items()), lifetimes), rest


def is_table(name: str) -> bool:
    """The file with this name has one of the tables."""
    return name == _KEV or name.endswith(_LIFETIMES) or bool(_EPSS(name))


def whole(path: str, limits: Limits) -> bytes:
    """A file of moderate size, unpacked.

    Raises:
        ArchiveError, DocumentError: it is damaged, or too large.
    """
    name, made = os.path.basename(path), b""
    try:
        with open(path, "rb") as file:
            for piece in decompressed(file.read, limits, name, outer=True):
                made += piece
                if len(made) > limits.database_bytes:
                    raise DocumentError(f"{name} has more than {limits.database_bytes} bytes")
    except OSError as cause:
        raise ArchiveError(f'cannot read "{path}": {cause.strerror}') from cause
    return made


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
        if _CVE(one.cve_id)
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
        if _CVE(cve) and found[0] is not None and found[1] is not None:
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


def read_lifetimes(path: str, limits: Limits) -> dict[str, Lifetime]:
    """When the releases of distributions end, by ecosystem, from endoflife's zip of products."""
    name = os.path.basename(path)
    check_directory(path, name, limits)
    found: dict[str, Lifetime] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                product = member.filename.rpartition("/")[2].removesuffix(".json")
                if product not in _ECOSYSTEMS:
                    continue
                with archive.open(member) as file:
                    raw = file.read(limits.advisory_bytes)
                cycles = msgspec.json.decode(raw, type=_Product).releases
                found.update(_lifetimes(_ECOSYSTEMS[product], cycles))
    except (zipfile.BadZipFile, OSError, ValueError, msgspec.MsgspecError) as cause:
        raise ArchiveError(f"{name}: {plain(str(cause)[:200])}") from cause
    return found


def _lifetimes(pattern: str, cycles: dict[str, _Cycle]) -> Iterator[tuple[str, Lifetime]]:
    for release, cycle in cycles.items():
        if isinstance(cycle.eol, str):
            extended = cycle.eoes if isinstance(cycle.eoes, str) else ""
            yield (
                pattern.format(release),
                Lifetime(
                    release,
                    cycle.codename,
                    _date(cycle.releaseDate),
                    _date(cycle.eol),
                    _date(extended),
                ),
            )


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
