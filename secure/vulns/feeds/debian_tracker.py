"""Debian's security tracker (its JSON export) as OSV records: one for each vulnerability.

For each source package, vulnerability and release it says: resolved in a version ("0": never
affected), open (perhaps with the decision to leave it so), or undetermined. Testing and unstable
are left out where they have no release's name yet: nothing in an image could be held against them.

Source: salsa.debian.org/security-tracker-team/security-tracker, lib/python/security_db.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from secure.facts.plain import plain
from secure.oci.limits import Limits
from secure.vulns.feeds.debian_lists import RELEASES
from secure.vulns.feeds.statuses import fixed_in, never_affected, under_investigation, without_fix
from secure.vulns.feeds.words import CVE
from secure.vulns.osv import Advisory, Affected, Reference, Refused, checked
from secure.vulns.versions.order import key
from secure.vulns.versions.unorderable import Unorderable

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.\-]{0,100}").fullmatch
_PAGE = "https://security-tracker.debian.org/tracker/"
_UNRATED = ("", "not yet assigned", "end-of-life")


class _Release(msgspec.Struct, frozen=True):
    status: str
    fixed_version: str | None = None
    urgency: str | None = None
    nodsa_reason: str | None = None


class _Told(msgspec.Struct, frozen=True):
    releases: dict[str, _Release]
    description: str | None = None


class _UnknownError(ValueError):
    """What is said of a release is not understood."""


_Raw = dict[str, dict[str, msgspec.Raw]]
_decoder = msgspec.json.Decoder(_Told)


def advisories(raw: bytes, limits: Limits, modified: str) -> Iterator[Advisory | Refused]:
    """Every vulnerability of the export, or why it is not used.

    Args:
        modified: RFC 3339; the export has no time of its own.
    """
    try:
        told = msgspec.json.decode(raw, type=_Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as cause:
        yield Refused("", f"it is no export of the tracker: {plain(str(cause)[:200])}")
        return
    found: dict[str, list[tuple[str, msgspec.Raw]]] = defaultdict(list)
    for package, vulnerabilities in told.items():
        for name, one in vulnerabilities.items():
            # TEMP-0000000-ABCDEF: an issue without a name, whose label changes at will.
            if CVE.fullmatch(name):
                found[name].append((package, one))
    for name, packages in found.items():
        yield from _vulnerability(name, packages, limits, modified)


def _vulnerability(
    name: str, packages: list[tuple[str, msgspec.Raw]], limits: Limits, modified: str
) -> Iterator[Advisory | Refused]:
    affected: list[Affected] = []
    details = ""
    for package, raw in packages:
        try:
            one = _decoder.decode(raw)
            affected += _statements(package, one)
            details = details or one.description or ""
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, _UnknownError) as cause:
            yield Refused(f"{name} {plain(package[:100])}", plain(str(cause)[:200]))
    if affected:
        yield checked(
            Advisory(
                f"DEBIAN-{name}",
                modified,
                upstream=(name,),
                details=details,
                affected=tuple(affected),
                references=(Reference("ADVISORY", f"{_PAGE}{name}"),),
            ),
            limits,
        )


def _statements(package: str, told: _Told) -> Iterator[Affected]:
    if not _PACKAGE(package):
        raise _UnknownError("it is no name of a package")
    for codename, release in told.releases.items():
        if number := RELEASES.get(codename):
            made = _statement(f"Debian:{number}", package, release)
            urgency = (release.urgency or "").rstrip("*")
            rated = None if urgency in _UNRATED else {"urgency": urgency}
            yield msgspec.structs.replace(made, ecosystem_specific=rated)


def _statement(ecosystem: str, package: str, told: _Release) -> Affected:
    version = told.fixed_version or ""
    if told.status == "resolved" and version == "0":
        return never_affected(ecosystem, package)
    if told.status == "resolved" and isinstance(place := key(ecosystem, version), Unorderable):
        raise _UnknownError(place.reason)
    if told.status == "resolved":
        return fixed_in(ecosystem, package, version)
    if told.status == "undetermined":
        return under_investigation(ecosystem, package)
    if told.status != "open":
        raise _UnknownError(f'its status is "{told.status[:50]}"')
    if told.urgency == "end-of-life":
        return without_fix(ecosystem, package, "end-of-life")
    ignored = told.nodsa_reason == "ignored"
    return without_fix(ecosystem, package, "wont-fix" if ignored else "not-fixed")
