"""The versions that OSV records name, as packages of images held against the same records."""

from __future__ import annotations

import lzma
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec
from built_databases import NOW, image, package

from secure.facts.files import OsRelease
from secure.facts.package import Package
from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.build import Content, Feed, build
from secure.vulns.builds import minor_release
from secure.vulns.database import open_database
from secure.vulns.match import match
from secure.vulns.osv import Advisory, Affected, read
from secure.vulns.ranges import State, judge
from secure.vulns.versions import rpm

_TYPES = {
    "PyPI": "pypi", "Go": "golang", "crates.io": "cargo", "Maven": "maven", "npm": "npm",
    "RubyGems": "gem", "NuGet": "nuget", "AlmaLinux": "rpm", "Packagist": "composer",
}  # fmt: skip
_MOST_VERSIONS = 4  # listed ones of one record
_AT_ONCE = 100  # records of one database
_NO_SECURITY = ("ALBA-", "ALEA-")


class Checked(msgspec.Struct):
    """Counts of (package, version, record), and those that came out wrong."""

    affected: int = 0
    fixed: int = 0
    missed: list[tuple[str, str, str]] = []
    false: list[tuple[str, str, str]] = []


def records(path: Path, every: int) -> Iterator[Advisory]:
    """Every so many of the records of a file that are not withdrawn."""
    with lzma.open(path, "rb") as lines:
        for line in islice(lines, 0, None, every):
            found = read(line, DEFAULT_LIMITS)
            if isinstance(found, Advisory) and not found.withdrawn:
                yield found


def check_file(path: Path, folder: Path, every: int) -> Checked:
    """Match every version that the records name with the records that name it."""
    rest = (one for one in records(path, every) if not one.id.startswith(_NO_SECURITY))
    result = Checked()
    # All at once, each version of a kernel would be held against every other's record: 120 of
    # them find 7,000 times what nobody asks for, and all of AlmaLinux's some millions.
    while some := list(islice(rest, _AT_ONCE)):
        _check(some, str(folder / f"{path.name}.db"), result)
    return result


def _check(made: list[Advisory], database: str, result: Checked) -> None:
    """Build a database of the records, and match every version that they name."""
    build(database, [Feed("osv", made, Content())], NOW)
    asked: dict[str, dict[Package, None]] = defaultdict(dict)
    wanted: list[tuple[bool, str, Package, str]] = []
    for record in made:
        for affected in record.affected or ():
            for hit, ecosystem, one in _packages(affected, record):
                asked[ecosystem][one] = None
                wanted.append((hit, ecosystem, one, record.id))
    told: dict[str, set[tuple[str, str]]] = {}
    with open_database(database) as opened:
        for ecosystem, packages in asked.items():
            found = match(image(*packages, system=_system(ecosystem)), opened, NOW[:10])
            told[ecosystem] = {
                (one.package, one.advisory) for v in found.vulnerabilities for one in v.matches
            }
    _count(wanted, told, result)


def _count(
    wanted: list[tuple[bool, str, Package, str]],
    told: dict[str, set[tuple[str, str]]],
    result: Checked,
) -> None:
    for hit, ecosystem, one, identifier in wanted:
        found = (one.purl, identifier) in told[ecosystem]
        if hit:
            result.affected += 1
        else:
            result.fixed += 1
        if found is not hit:
            (result.missed if hit else result.false).append((one.purl, ecosystem, identifier))


def _packages(affected: Affected, record: Advisory) -> Iterator[tuple[bool, str, Package]]:
    """Packages at versions that the record says are affected, and at its fixes."""
    named = affected.package
    kind = _TYPES.get(named.ecosystem.partition(":")[0]) if named else None
    if named is None or kind is None or _is_for_others(affected):
        return
    own = [one for one in record.affected or () if one.package == named]
    fixes = [
        e.fixed for r in affected.ranges or () for e in r.events if e.fixed and r.type != "GIT"
    ]
    last = [e.last_affected for r in affected.ranges or () for e in r.events if e.last_affected]
    for version in [*(affected.versions or ())[:_MOST_VERSIONS], *last]:
        yield True, named.ecosystem, _package(kind, named.name, version)
    told = [e.fixed for a in own for r in a.ranges or () for e in r.events if e.fixed]
    for version in (_below(kind, fix) for fix in fixes if not _is_second(kind, fix, told)):
        if version and any(judge(one, version).state is State.AFFECTED for one in own):
            yield True, named.ecosystem, _package(kind, named.name, version)
    for version in fixes:
        # A fix of one line may lie in another line that is still affected, and then counts as that.
        states = {judge(one, version).state for one in own}
        if State.AFFECTED not in states:
            yield False, named.ecosystem, _package(kind, named.name, version)
        elif kind != "rpm":
            yield True, named.ecosystem, _package(kind, named.name, version)


def _is_for_others(affected: Affected) -> bool:
    """RustSec's `affects.os` names systems, and none of them is Linux."""
    affects = (affected.ecosystem_specific or {}).get("affects")
    systems = affects.get("os") if isinstance(affects, dict) else None
    return isinstance(systems, list) and bool(systems) and "linux" not in systems


def _is_second(kind: str, fix: str, told: list[str]) -> bool:
    """Another fix of the same minor release came before: what lies between them has that one.

    ALSA-2022:0894 names vim 8.0.1763-16.el8_5.12 and .13.
    """
    minor = minor_release(fix) if kind == "rpm" else None
    same = (other for other in told if minor and minor_release(other) == minor)
    return any(str(rpm.key(other)) < str(rpm.key(fix)) for other in same)


def _below(kind: str, version: str) -> str:
    """The greatest version before another, where its order has one: `~` of rpm, `-0` of SemVer."""
    if kind == "rpm":
        # With a label of a module after it, a tilde would change what is compared.
        return f"{version}~" if ".module" not in version else ""
    return f"{version}-0" if kind in ("golang", "cargo") and "-" not in version else ""


def _package(kind: str, name: str, version: str) -> Package:
    namespace = ""
    if kind == "maven":
        namespace, _, name = name.partition(":")
    elif kind in ("golang", "npm", "composer"):
        namespace, _, name = name.rpartition("/")
    made = package(kind, name, version, namespace=namespace)
    return msgspec.structs.replace(made, purl=f"{kind}:{namespace}:{name}@{version}")


def _system(ecosystem: str) -> OsRelease | None:
    family, _, release = ecosystem.partition(":")
    return OsRelease(id=family.lower(), version_id=release) if release else None
