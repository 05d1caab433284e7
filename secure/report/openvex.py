"""Findings as an OpenVEX document: a draft to complete, and what others said already.

What counts is "affected", with the fix as action; what a statement took back keeps its status.

Source: github.com/openvex/spec, OPENVEX-SPEC.md 0.2.0.
"""

from __future__ import annotations

import msgspec

from secure import __version__
from secure.facts.image import ImageFacts
from secure.facts.purl import purl
from secure.facts.vulnerability import Suppression, Vulnerability
from secure.report.json_bytes import indented
from secure.sha256 import sha256_hex

CONTEXT = "https://openvex.dev/ns/v0.2.0"
_JUSTIFICATIONS = frozenset({
    "component_not_present", "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path", "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
})  # fmt: skip


def openvex(facts: ImageFacts) -> bytes:
    """The document, ending in a newline; the same facts make the same bytes."""
    statements = [_statement(one, image_product(facts)) for one in facts.vulnerabilities]
    document: dict[str, object] = {
        "@context": CONTEXT,
        "author": "Unknown Author",  # the specification's word where nobody signs for it
        "timestamp": facts.scanned_at,
        "version": 1,
        "tooling": f"secure {__version__}",
        "statements": statements,
    }
    name = sha256_hex(msgspec.json.encode(document))
    document = {"@context": CONTEXT, "@id": f"https://openvex.dev/docs/secure/{name}", **document}
    return indented(document, 2)


def image_product(facts: ImageFacts) -> str:
    """The image as others name it: a purl with its digest, or its reference."""
    if not facts.digest:
        return facts.reference
    where = facts.pulled_from or (facts.repo_tags[0].rpartition(":")[0] if facts.repo_tags else "")
    name = where.rpartition("/")[2] or "image"
    told = {"arch": facts.config.architecture, "repository_url": where}
    return purl("oci", name.lower(), facts.digest, qualifiers=told)


def _statement(one: Vulnerability, image: str) -> dict[str, object]:
    packages = sorted({match.package for match in one.matches})
    made: dict[str, object] = {
        "vulnerability": {"name": one.id, "aliases": list(one.aliases)},
        "products": [{"@id": image, "subcomponents": [{"@id": package} for package in packages]}],
    }
    if one.suppressed is not None:
        return made | _taken_back(one.suppressed)
    return made | {
        "status": "affected",
        "action_statement": one.fix or f"No version fixes it ({one.fix_state}).",
    }


def _taken_back(told: Suppression) -> dict[str, object]:
    if told.status == "fixed":
        return {"status": "fixed", "status_notes": f"{told.statement} ({told.by})".strip()}
    words = f"{told.justification} {told.statement} ({told.by})".strip()
    made: dict[str, object] = {"status": "not_affected", "impact_statement": words}
    if told.justification in _JUSTIFICATIONS:
        made["justification"] = told.justification
    return made
