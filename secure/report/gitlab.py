"""Known vulnerabilities as GitLab reads them: its container scanning report, schema 15.

What a statement took back is flagged, not left out; what was not compared is a message, and a scan
that compared nothing is a failure: an empty list is not "no vulnerability".

Source: GitLab's "security-report-schemas" 15.0.7, container-scanning-report-format. 15.0 is what
every GitLab from 15.x on reads; `cvss_vectors` came with 15.1, and older ones pass over it.
"""

from __future__ import annotations

import re

from secure import __version__
from secure.facts.image import ImageFacts
from secure.facts.plain import plain
from secure.facts.vulnerability import Score, Vulnerability
from secure.report.advisory_pages import advisory_page
from secure.report.json_bytes import indented
from secure.report.vulnerability_table import doubts, state_line
from secure.sha256 import sha256_hex

_VERSION = "15.0.7"
_SCHEMA = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{_VERSION}/dist/container-scanning-report-format.json"
)
_LONGEST_NAME, _LONGEST_TEXT, _LONGEST_FIX = 255, 1_048_576, 7_000  # characters, by the schema
_MOST_VECTORS = 10
# One vector of another form, and GitLab refuses the whole report.
_VECTOR = re.compile(r"(?:CVSS:3\.[01]/)?[A-Za-z]{1,3}:[A-Z]{1,3}(?:/[A-Za-z]{1,3}:[A-Z]{1,3}){5,}")
_LONGEST_VECTOR = 128
# GitLab shows descriptions and solutions as Markdown: an image must not write links, pictures or
# HTML into them. What only changes the look stays, so that commands can be copied as they are.
_LINKS = re.compile(r"([\\\[\]<>]|:(?=//))")


def gitlab(facts: ImageFacts) -> bytes:
    """The report, ending in a newline; the same facts make the same bytes."""
    tool = {
        "id": "secure",
        "name": "secure",
        "version": __version__,
        "vendor": {"name": "secure"},
    }
    compared = facts.complete and bool(facts.vulnerability_data)
    at = facts.scanned_at[:19]  # the schema takes neither fractions nor a time zone
    document = {
        "version": _VERSION,
        "schema": _SCHEMA,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "container_scanning",
            "start_time": at,
            "end_time": at,
            "status": "success" if compared else "failure",
            "messages": _messages(facts),
        },
        "vulnerabilities": [_vulnerability(one, facts) for one in facts.vulnerabilities],
        "remediations": [],
    }
    return indented(document, 2)


def _messages(facts: ImageFacts) -> list[dict[str, str]]:
    level = "fatal" if not facts.vulnerability_data else "info"
    told = [("warn" if facts.vulnerability_starter else level, state_line(facts))]
    told += [("warn", words) for words in doubts(facts)]
    return [{"level": level, "value": plain(words)} for level, words in told]


def _vulnerability(one: Vulnerability, facts: ImageFacts) -> dict[str, object]:
    first = one.matches[0]
    vectors = [found for score in one.scores if (found := _vector(score))]
    made: dict[str, object] = {
        "id": sha256_hex(f"{one.place} {first.compared}".encode()),
        "name": f"{one.id} in {one.component}"[:_LONGEST_NAME],
        "description": _description(one)[:_LONGEST_TEXT],
        "severity": one.severity.capitalize(),
        "solution": _prose(one.fix or f"No version fixes it ({one.fix_state}).")[:_LONGEST_FIX],
        "identifiers": [_identifier(name) for name in (one.id, *sorted(one.names - {one.id}))],
        "location": {
            "dependency": {"package": {"name": one.component}, "version": first.compared},
            "operating_system": _system(facts),
            "image": plain(facts.reference) or "image",
        },
    }
    if vectors:
        made["cvss_vectors"] = vectors[:_MOST_VECTORS]
    if one.suppressed is not None:
        told = one.suppressed
        words = " ".join(filter(None, (told.status, told.justification, told.statement)))
        made["flags"] = [
            {
                "type": "flagged-as-likely-false-positive",
                "origin": told.by or "secure",
                "description": words or "taken back",
            }
        ]
    return made


def _description(one: Vulnerability) -> str:
    """What it is, why it was found, where, and how pressing it is."""
    lines = [one.summary] if one.summary else []
    lines += [
        f"{m.name} {m.version}: {m.because} ({m.advisory}, {m.feed})" for m in one.matches[:1]
    ]
    if one.kev:
        lines.append(f"Exploited: in CISA's catalogue since {one.kev}")
    if one.epss is not None:
        lines.append(f"EPSS {one.epss:.1%}")
    lines += [mark.replace("-", " ") for mark in one.marks]
    places = sorted({(m.location.path, m.location.layer) for m in one.matches})
    lines += [f"/{path} (layer {layer})" for path, layer in places if path]  # an SBOM has none
    return "\n\n".join(map(_prose, lines))


def _prose(words: str) -> str:
    return _LINKS.sub(r"\\\1", plain(words))


def _identifier(name: str) -> dict[str, str]:
    kind = name.partition("-")[0].lower() or "osv"
    return {"type": kind, "name": name, "value": name, "url": advisory_page(name)}


def _vector(score: Score) -> dict[str, str] | None:
    fits = len(score.vector) <= _LONGEST_VECTOR and _VECTOR.fullmatch(score.vector)
    return {"vendor": score.by or "unknown", "vector": score.vector} if fits else None


def _system(facts: ImageFacts) -> str:
    system = facts.os_release
    return f"{system.id}:{system.version_id}".strip(":") or "unknown" if system else "unknown"
