"""Findings as CycloneDX with analyses: the components that have them, ratings, and who took
which back.

Source: CycloneDX 1.6, vulnerabilities (cyclonedx.org/docs/1.6/json).
"""

from __future__ import annotations

from secure import __version__
from secure.facts.image import ImageFacts
from secure.facts.vulnerability import Score, Suppression, Vulnerability
from secure.report.json_bytes import indented
from secure.report.openvex import image_product
from secure.report.vulnerability_table import doubts, state_line

_METHODS = {"CVSS_V2": "CVSSv2", "CVSS_V3": "CVSSv31", "CVSS_V4": "CVSSv4"}
# CycloneDX 1.6, "impactAnalysisJustification"; OpenVEX's words in the left column.
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "protected_by_mitigating_control",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
_OWN = frozenset({
    "code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency",
    "requires_environment", "protected_by_compiler", "protected_at_runtime",
    "protected_at_perimeter", "protected_by_mitigating_control",
})  # fmt: skip


def cyclonedx_vex(facts: ImageFacts) -> bytes:
    """The document, ending in a newline; the same facts make the same bytes."""
    image = image_product(facts)
    matches = {m.package: m for one in facts.vulnerabilities for m in one.matches}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": facts.scanned_at,
            "tools": {
                "components": [{"type": "application", "name": "secure", "version": __version__}]
            },
            "component": {"type": "container", "name": facts.reference, "bom-ref": image},
            # What the list of vulnerabilities cannot say: of what it is silent.
            "properties": [
                {"name": "secure:compared", "value": state_line(facts)},
                *({"name": "secure:not-compared", "value": words} for words in doubts(facts)),
            ],
        },
        "components": [
            {
                "type": "library",
                "name": match.name,
                "version": match.version,
                "bom-ref": package,
                **({"purl": package} if package.startswith("pkg:") else {}),
            }
            for package, match in sorted(matches.items())
        ],
        "vulnerabilities": [_vulnerability(one) for one in facts.vulnerabilities],
    }
    return indented(document, 2)


def _vulnerability(one: Vulnerability) -> dict[str, object]:
    sources = sorted({(match.advisory, match.feed) for match in one.matches})
    return {
        "id": one.id,
        "source": {"name": one.matches[0].feed},
        "references": [{"id": name, "source": {"name": feed}} for name, feed in sources],
        "ratings": [
            *map(_rating, one.scores),
            {"severity": one.severity, "method": "other", "source": {"name": one.severity_by}},
        ],
        **({"recommendation": one.fix} if one.fix else {}),
        "analysis": _analysis(one.suppressed),
        "affects": [{"ref": package} for package in sorted({m.package for m in one.matches})],
    }


def _rating(score: Score) -> dict[str, object]:
    method = "CVSSv3" if score.vector.startswith("CVSS:3.0") else _METHODS[score.kind]
    return {
        "source": {"name": score.by},
        "score": score.value,
        "method": method,
        "vector": score.vector,
    }


def _analysis(told: Suppression | None) -> dict[str, object]:
    if told is None:
        return {"state": "in_triage"}
    if told.status == "fixed":
        return {"state": "resolved", "detail": f"{told.statement} ({told.by})".strip()}
    words = f"{told.justification} {told.statement} ({told.by})".strip()
    made: dict[str, object] = {"state": "not_affected", "detail": words}
    known = told.justification if told.justification in _OWN else ""
    if justification := _JUSTIFICATIONS.get(told.justification, known):
        made["justification"] = justification
    return made
