"""Alpine's secdb as OSV records: one for each vulnerability, with all releases that were read.

A document is one release's repository, as YAML or JSON: `secfixes` names for each package the
version that fixes vulnerabilities; version "0" says that the package never was affected.

Source: secdb.alpinelinux.org, and abuild's APKBUILD(5), "secfixes".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
import yaml

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.statuses import fixed_in, never_affected
from secure.vulns.osv import Advisory, Affected, Refused, checked
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable

_ID = re.compile(r"[A-Za-z][A-Za-z0-9]{1,20}-[A-Za-z0-9:_-]{1,60}").fullmatch
_MISSPELLED = re.compile(r"CVE[ _](\d{4}-\d{4,9})|(CVE-\d{4}-\d{4,9})\.patch").fullmatch
_RELEASE = re.compile(r"v[0-9]{1,4}\.[0-9]{1,4}|edge").fullmatch
_DEEPEST = 12  # of a document; a real one has 7


class _Fixes(msgspec.Struct):
    name: str
    secfixes: dict[str, list[str] | None] | None = None


class _Entry(msgspec.Struct):
    pkg: _Fixes


class _Document(msgspec.Struct):
    distroversion: str
    packages: list[_Entry] | None = None


def advisories(
    documents: Iterable[tuple[str, bytes]], limits: Limits, modified: str
) -> Iterator[Advisory | Refused]:
    """The records of all documents together, or what of them is not used.

    Args:
        documents: (name for people, content).
        modified: RFC 3339; a document has no time of its own.
    """
    found: dict[str, dict[tuple[str, str, str], Affected]] = {}
    also: dict[str, set[str]] = {}
    for name, raw in documents:
        for read in _document(plain(name), raw, limits):
            if isinstance(read, Refused):
                yield read
                continue
            (first, *rest), package, affected = read
            also.setdefault(first, set()).update(rest)
            found.setdefault(first, {})[package] = affected
    for first, packages in sorted(found.items()):
        yield checked(
            Advisory(
                f"ALPINE-{first}",
                modified,
                upstream=(first, *sorted(also[first] - {first})),
                affected=tuple(affected for _, affected in sorted(packages.items())),
            ),
            limits,
        )


_Told = tuple[list[str], tuple[str, str, str], Affected]


def _document(name: str, raw: bytes, limits: Limits) -> Iterator[_Told | Refused]:
    if len(raw) > limits.advisory_bytes:
        yield Refused(name, f"more than {limits.advisory_bytes} bytes")
        return
    try:
        document = _decoded(raw)
    except (msgspec.MsgspecError, yaml.YAMLError, ValueError, RecursionError) as cause:
        yield Refused(name, f"it is no secdb document: {plain(str(cause)[:200])}")
        return
    if not _RELEASE(document.distroversion):
        yield Refused(name, f'its release is "{plain(document.distroversion[:50])}"')
        return
    for entry in document.packages or ():
        for version, names in (entry.pkg.secfixes or {}).items():
            yield from _fixes(document.distroversion, entry.pkg.name, version, names or ())


def _fixes(release: str, name: str, version: str, told: Iterable[str]) -> Iterator[_Told | Refused]:
    ecosystem = f"Alpine:{release}"
    place = "" if version == "0" else key(ecosystem, version)
    if isinstance(place, Unorderable):
        yield Refused(plain(f"{ecosystem} {name}"[:200]), place.reason)
        return
    for line in told:
        ids = _ids(line)
        if not ids:
            yield Refused(plain(f"{ecosystem} {name}"[:200]), f'no id in "{plain(line[:50])}"')
        elif version == "0":
            yield ids, (ecosystem, name, place), never_affected(ecosystem, name)
        else:
            yield ids, (ecosystem, name, place), fixed_in(ecosystem, name, version)


def _ids(line: str) -> list[str]:
    """ "CVE_2019-2426", "CVE 2018-16859" and "CVE-2017-8073.patch" are there, too."""
    if found := _MISSPELLED(line.strip()):
        return [found[2] or f"CVE-{found[1]}"]
    return [word for word in line.split() if _ID(word)]


def _decoded(raw: bytes) -> _Document:
    """The document; aliases, which could make a small one endless, are refused."""
    if raw.lstrip()[:1] == b"{":
        return msgspec.json.decode(raw, type=_Document)
    depth = aliases = 0
    for event in yaml.parse(raw, yaml.CSafeLoader):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if aliases or depth > _DEEPEST:
            raise ValueError(f"it has aliases, or is nested deeper than {_DEEPEST}")
    return msgspec.convert(yaml.load(raw, yaml.CSafeLoader), _Document, str_keys=True)
