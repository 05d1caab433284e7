"""Updates of rpm repositories (updateinfo.xml) as OSV records: Amazon Linux and Fedora.

Each update lists binary packages with the release that brings the fix. Only security updates are
taken. The id tells the distribution: ALAS2023-2023-001, ALAS2-2021-1699, ALAS-2018-1093 (the first
Amazon Linux), FEDORA-2024-0123abcdef.

Sources: createrepo_c, src/xml_dump_updateinfo.c; alas.aws.amazon.com.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.statuses import fixed_in
from secure.vulns.feeds.words import CVE, pages
from secure.vulns.osv import Advisory, Affected, Refused, checked
from secure.vulns.schema import rfc3339, seconds
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable
from secure.xml_tree import Element, xml_records

# Extras (ALASDOCKER-2021-003) are of Amazon Linux 2 alone.
_AMAZON = re.compile(r"ALAS(20[0-9]{2}|2)?([A-Z][A-Z0-9._-]{0,60}?)?-[0-9]{4}-[0-9]{1,6}").fullmatch
_FEDORA = re.compile(r"FEDORA-(?:EPEL-)?[0-9]{4}-[0-9a-fA-F]{1,20}").fullmatch
_FEDORA_RELEASE = re.compile(r"Fedora ([0-9]{1,3})").fullmatch
_UNRATED = ("", "none", "unspecified")
_RECORDS = frozenset({"update"})


def advisories(pieces: Iterator[bytes], limits: Limits) -> Iterator[Advisory | Refused]:
    """The security updates of one repository.

    Raises:
        DocumentError, LimitExceededError: the XML is damaged or too large; `xml_records`.
    """
    for update in xml_records(pieces, _RECORDS):
        if update.attributes.get("type") == "security":
            yield _read(update, limits)


def _read(update: Element, limits: Limits) -> Advisory | Refused:
    name = update.child("id").text.strip()
    ecosystem = _ecosystem(name, update)
    if not ecosystem:
        return Refused(plain(name[:100]), "it is of no distribution that is known here")
    time = _time(update, "updated") or _time(update, "issued")
    if not time:
        return Refused(name, "it does not say when it was issued")
    affected = list(_packages(ecosystem, update))
    refused = next((one for one in affected if isinstance(one, str)), "")
    if refused or not affected:
        return Refused(name, refused or "it names no package")
    severity = update.child("severity").text.strip()
    return checked(
        Advisory(
            name,
            time,
            published=_time(update, "issued") or None,
            upstream=_vulnerabilities(update),
            summary=update.child("title").text.strip()[:1000],
            details=update.child("description").text.strip(),
            affected=tuple(one for one in affected if not isinstance(one, str)),
            references=pages(_references(update)),
            database_specific=None if severity.lower() in _UNRATED else {"severity": severity},
        ),
        limits,
    )


def _ecosystem(name: str, update: Element) -> str:
    if found := _AMAZON(name):
        return f"Amazon Linux:{found[1] or (2 if found[2] else 1)}"
    if _FEDORA(name):
        release = update.child("release")
        told = (release.text.strip(), release.attributes.get("name", ""))
        found = next(filter(None, map(_FEDORA_RELEASE, told)), None)
        return f"Fedora:{found[1]}" if found else ""
    return ""


def _time(update: Element, name: str) -> str:
    """RFC 3339; "" where none is told."""
    return rfc3339(seconds(update.child(name).attributes.get("date", "")))


def _packages(ecosystem: str, update: Element) -> Iterator[Affected | str]:
    """Each package once: builds for several architectures have one version."""
    seen: set[tuple[str, str]] = set()
    for collection in update.child("pkglist").all("collection"):
        for package in collection.all("package"):
            told = package.attributes
            if told.get("arch") == "src":
                continue
            version = f"{told.get('epoch') or '0'}:{told.get('version')}-{told.get('release')}"
            one = (told.get("name", ""), version.removeprefix("0:"))
            if one in seen:
                continue
            seen.add(one)
            place = key(ecosystem, one[1])
            if not one[0] or isinstance(place, Unorderable):
                yield f'the package "{plain(one[0][:100])}" has no version that can be compared'
            else:
                yield fixed_in(ecosystem, *one)


def _vulnerabilities(update: Element) -> tuple[str, ...]:
    """Those that it names: Fedora has them in the titles of Bugzilla's pages."""
    told = [
        f"{one.attributes.get('id', '')} {one.attributes.get('title', '')}"
        for one in update.child("references").all("reference")
    ]
    return tuple(dict.fromkeys(CVE.findall(" ".join(told))))


def _references(update: Element) -> Iterator[tuple[str, str]]:
    for one in update.child("references").all("reference"):
        kind = "REPORT" if one.attributes.get("type") == "bugzilla" else "ADVISORY"
        yield kind, one.attributes.get("href", "")
