"""A verdict as SARIF 2.1.0, as GitHub, GitLab and editors read it.

Every result has a location, because viewers drop results without one: the image reference as
artifact, the place inside it as logical location. Waived findings stay, as suppressions.

Source: SARIF v2.1.0 (OASIS, 2020), sections named below.
"""

from __future__ import annotations

from secure.facts.verdict import ALLOW, DENY, NOT_CHECKED
from secure.policy.catalogue import RULES_BY_ID
from secure.report.sarif_terms import SECURITY_SEVERITY, image_place, message, sarif_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.verdict import Finding, Verdict

_LEVELS = {DENY: "error", "warn": "warning", "waived": "note", NOT_CHECKED: "warning"}


def verdict_sarif(verdict: Verdict, reference: str) -> str:
    """The verdict as one SARIF run; JSON that ends with a newline.

    Args:
        reference: of the image, as the user named it.
    """
    rules = sorted({finding.rule for finding in verdict.findings} | set(verdict.passed))
    positions = {rule: number for number, rule in enumerate(rules)}
    return sarif_document(
        verdict.stage,
        reference,
        rules=[_rule(rule) for rule in rules],
        results=[
            _result(finding, positions[finding.rule], reference) for finding in verdict.findings
        ],
        invocation=_invocation(verdict),
        properties={
            "outcome": verdict.outcome,
            "subject": verdict.subject,
            "policy": verdict.policy,
            "policyDigest": verdict.policy_digest,
        },
    )


def _invocation(verdict: Verdict) -> dict[str, object]:
    """3.20: what could not be decided must not read as success."""
    return {
        "executionSuccessful": verdict.outcome != NOT_CHECKED,
        "exitCode": {ALLOW: 0, DENY: 1, NOT_CHECKED: 3}[verdict.outcome],
        "endTimeUtc": verdict.decided_at,
        "toolExecutionNotifications": [
            {"level": "note", "message": message(note)} for note in verdict.notes
        ],
    }


def _rule(rule_id: str) -> dict[str, object]:
    """3.49, reportingDescriptor."""
    rule = RULES_BY_ID.get(rule_id)
    if rule is None:
        return {"id": rule_id}
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.fix},
        "properties": {
            "security-severity": SECURITY_SEVERITY[rule.severity],
            "tags": [
                "security",
                *(f"{source}/{i}" for source, ids in rule.maps.items() for i in ids),
            ],
        },
    }


def _result(finding: Finding, position: int, reference: str) -> dict[str, object]:
    """3.27."""
    wanted = f" Wanted: {finding.wanted}." if finding.wanted else ""
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": position,
        "level": _LEVELS[finding.outcome],
        "kind": "open" if finding.outcome == NOT_CHECKED else "fail",
        "message": message(
            f"{finding.title}: {finding.at}: {finding.found}.{wanted} {finding.fix}"
        ),
        "locations": [
            {
                "physicalLocation": image_place(reference),
                "logicalLocations": [{"fullyQualifiedName": finding.at, "kind": "member"}],
            }
        ],
        "partialFingerprints": {"secure/v1": finding.fingerprint},
        "properties": {
            "outcome": finding.outcome,
            "severity": finding.severity,
            "security-severity": SECURITY_SEVERITY[finding.severity],
        },
    }
    if finding.outcome == NOT_CHECKED:
        result["level"] = "none"  # 3.27.10: a kind other than "fail" has level "none"
    if finding.waiver:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": finding.waiver}  # 3.35
        ]
    return result
