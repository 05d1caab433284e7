"""A verdict as JSON with a versioned schema: fields are added, never renamed or reused.

{"schema": "secure/verdict/v1", "verdict": {…}, "findings": […], "passed": […], "notes": […],
 "image": {…}}

Same verdict, same bytes: keys are in the order written here, findings worst first.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts
    from secure.facts.verdict import Finding, Verdict

SCHEMA = "secure/verdict/v1"


def verdict_json(verdict: Verdict, facts: ImageFacts | None = None) -> str:
    """The verdict, and a summary of the image it is about, as JSON that ends with a newline.

    Only ASCII, so that no text of the image reaches a terminal as anything but text.
    """
    document: dict[str, object] = {
        "schema": SCHEMA,
        "verdict": {
            "outcome": verdict.outcome,
            "stage": verdict.stage,
            "subject": verdict.subject,
            "policy": verdict.policy,
            "policyDigest": verdict.policy_digest,
            "decidedAt": verdict.decided_at,
        },
        "findings": [finding_document(finding) for finding in verdict.findings],
        "passed": list(verdict.passed),
        "notes": list(verdict.notes),
    }
    if facts is not None:
        document["image"] = image_facts(facts)
    return json.dumps(document, indent=2) + "\n"


def finding_document(finding: Finding) -> dict[str, str]:
    """One finding; `waiver` is "" where none applies."""
    return {
        "rule": finding.rule,
        "outcome": finding.outcome,
        "severity": finding.severity,
        "title": finding.title,
        "at": finding.at,
        "found": finding.found,
        "wanted": finding.wanted,
        "fix": finding.fix,
        "fingerprint": finding.fingerprint,
        "waiver": finding.waiver,
    }


def image_facts(facts: ImageFacts) -> dict[str, object]:
    """What was looked at: enough to know which image, how much of it, and when."""
    from secure.facts.package import counted_once

    system = facts.os_release
    return {
        "reference": facts.reference,
        "digest": facts.digest,
        "configDigest": facts.config_digest,
        "tags": list(facts.repo_tags),
        "os": system.pretty_name or f"{system.id} {system.version_id}".strip() if system else "",
        "architecture": facts.config.architecture,
        "user": facts.config.user,
        "layers": [layer.diff_id for layer in facts.layers],
        "packages": counted_once(facts.packages),
        "files": facts.entries,
        "bytes": facts.uncompressed_bytes,
        "secrets": len(facts.secrets),
        "unreadable": [
            {"path": item.path, "layer": item.layer, "why": item.why} for item in facts.unreadable
        ],
        "complete": facts.complete,
        "scannedAt": facts.scanned_at,
        "toolVersion": facts.tool_version,
        "vulnerabilityData": facts.vulnerability_data,
    }
