"""One advisory as OSV has it, read from a stranger's JSON: bounded, typed, or refused by name.

Fields that are not needed are skipped, unknown ones too: a minor version of the schema only adds. A
record is refused as a whole, never read in part, and costs no other record.

Source: OSV schema 1.7 (ossf.github.io/osv-schema).
"""

from __future__ import annotations

import re

import msgspec

from secure.facts.plain import plain
from secure.oci.limits import Limits

_ID = re.compile(r"[!-~]{1,200}").fullmatch
_SCHEMA = re.compile(r"1\.[0-9]{1,6}(?:\.[0-9]{1,6})?(?:[-+][!-~]{0,50})?").fullmatch
_FIRST_ID = re.compile(rb'"id"\s*:\s*"([!-~]{1,200}?)"').search
_HEAD_BYTES = 64 * 1024  # where the id of a record that cannot be read is looked for


class Refused(msgspec.Struct, frozen=True):
    """A record that is not used.

    Args:
        id: its id, as far as it could be read; "" if not.
        why: half a sentence, for people.
    """

    id: str
    why: str


class Severity(msgspec.Struct, frozen=True):
    """A score: `type` is CVSS_V2, CVSS_V3, CVSS_V4 or the vendor's, `score` a vector or a word."""

    type: str
    score: str


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One bound of a range; exactly one field is set, others are of a later schema."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct, frozen=True):
    """Bounds in the order of the ecosystem (ECOSYSTEM), of SemVer (SEMVER) or of commits (GIT)."""

    type: str
    events: tuple[Event, ...]
    repo: str | None = None


class Package(msgspec.Struct, frozen=True):
    """A name in an ecosystem, which may have a suffix: "Debian:12"."""

    ecosystem: str
    name: str
    purl: str | None = None


class Affected(msgspec.Struct, frozen=True):
    """What an advisory says of one package."""

    package: Package | None = None  # only commits of a repository
    ranges: tuple[Range, ...] | None = None
    versions: tuple[str, ...] | None = None
    severity: tuple[Severity, ...] | None = None
    ecosystem_specific: dict[str, object] | None = None
    database_specific: dict[str, object] | None = None


class Reference(msgspec.Struct, frozen=True):
    """A public page, and what it is: ADVISORY, FIX, REPORT, WEB and others."""

    type: str
    url: str


class Advisory(msgspec.Struct, frozen=True):
    """One record. Times are RFC 3339 text, as they came."""

    id: str
    modified: str
    schema_version: str | None = None
    published: str | None = None
    withdrawn: str | None = None
    aliases: tuple[str, ...] | None = None
    related: tuple[str, ...] | None = None
    upstream: tuple[str, ...] | None = None
    summary: str | None = None
    details: str | None = None
    severity: tuple[Severity, ...] | None = None
    affected: tuple[Affected, ...] | None = None
    references: tuple[Reference, ...] | None = None
    database_specific: dict[str, object] | None = None


# What MITRE puts before the text of a CVE whose subject denies that it is a flaw.
_DISPUTED = "** DISPUTED **"

_decoder = msgspec.json.Decoder(Advisory)


def read(raw: bytes, limits: Limits) -> Advisory | Refused:
    """One record, or why it is not used."""
    if len(raw) > limits.advisory_bytes:
        return Refused(_first_id(raw), f"more than {limits.advisory_bytes} bytes")
    try:
        found = _decoder.decode(raw)
    except UnicodeDecodeError:
        return Refused(_first_id(raw), "it is not UTF-8")
    except RecursionError:
        return Refused(_first_id(raw), "it is nested too deep")
    except msgspec.MsgspecError as cause:
        return Refused(_first_id(raw), f"it is no OSV record: {str(cause)[:200]}")
    return checked(found, limits)


def checked(record: Advisory, limits: Limits) -> Advisory | Refused:
    """The record, also one made from another form, if it keeps to the schema and the limits."""
    why = _fault(record) or _excess(record, limits)
    return Refused(record.id if _ID(record.id) else "", why) if why else record


def is_disputed(record: Advisory) -> bool:
    """Somebody concerned denies that it is a flaw: OSV's own word for CVEs, or MITRE's mark."""
    told = (record.database_specific or {}).get("isDisputed") is True
    texts = (record.summary or "", record.details or "")
    return told or any(text.lstrip().startswith(_DISPUTED) for text in texts)


def _fault(record: Advisory) -> str:
    """What contradicts the schema; "" where nothing does."""
    if not _ID(record.id):
        return "its id is empty, too long, or has characters that no id has"
    version = record.schema_version
    if version is not None and not _SCHEMA(version):
        return f'its schema version is "{plain(version[:50])}"; only version 1 is known here'
    if record.id in (*(record.aliases or ()), *(record.upstream or ())):
        return "it names itself as its alias or upstream record"
    return ""


def _excess(record: Advisory, limits: Limits) -> str:
    """Which limit the record exceeds; "" where it does not."""
    affected = record.affected or ()
    ranges = [found for one in affected for found in one.ranges or ()]
    counts = (
        ("affected packages", len(affected), limits.advisory_packages),
        ("versions", sum(len(one.versions or ()) for one in affected), limits.advisory_versions),
        ("events", sum(len(found.events) for found in ranges), limits.advisory_events),
        (
            "aliases, related and upstream records",
            sum(map(len, (record.aliases or (), record.related or (), record.upstream or ()))),
            limits.advisory_names,
        ),
    )
    over = [f"{count} {what}, limit {most}" for what, count, most in counts if count > most]
    return "; ".join(over)


def _first_id(raw: bytes) -> str:
    """The id of a record that cannot be decoded, where its beginning shows one."""
    found = _FIRST_ID(raw[:_HEAD_BYTES])
    return found[1].decode("ascii") if found else ""
