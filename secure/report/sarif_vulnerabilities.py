"""Known vulnerabilities as SARIF 2.1.0: a rule for each vulnerability, a result for each finding.

What was not compared, or could not be read, is a notification: no result is not "no vulnerability".
What a statement took back stays, as a suppression.

Source: SARIF v2.1.0 (OASIS, 2020), sections named below.
"""

from __future__ import annotations

from secure.facts.image import ImageFacts
from secure.facts.plain import plain
from secure.facts.vulnerability import Suppression, Vulnerability
from secure.policy.decide import fingerprint
from secure.report.advisory_pages import advisory_page
from secure.report.sarif_terms import SECURITY_SEVERITY, image_place, message, sarif_document
from secure.report.vulnerability_table import doubts, state_line

_RULE = "CON001"  # the policy's rule on vulnerabilities: both name a finding by one fingerprint
_LEVELS = {"critical": "error", "high": "error", "low": "note", "info": "note"}
_UNRATED = "medium"  # what nobody rated, as in the policy and in --fail-on


def vulnerabilities_sarif(facts: ImageFacts) -> str:
    """The findings as one run; JSON that ends with a newline. The same facts, the same bytes."""
    by_rule: dict[str, list[Vulnerability]] = {}
    for one in facts.vulnerabilities:
        by_rule.setdefault(one.id, []).append(one)
    rules = sorted(by_rule)
    positions = {rule: number for number, rule in enumerate(rules)}
    return sarif_document(
        "vulnerabilities",
        facts.reference,
        rules=[_rule(rule, by_rule[rule]) for rule in rules],
        results=[_result(one, positions[one.id], facts.reference) for one in facts.vulnerabilities],
        invocation=_invocation(facts),
        properties={
            "image": plain(facts.reference),
            "digest": facts.digest,
            "vulnerabilityData": facts.vulnerability_data,
        },
    )


def _invocation(facts: ImageFacts) -> dict[str, object]:
    """3.20: a run that compared nothing, or did not read everything, must not read as success."""
    told: list[tuple[str, str]] = []
    if not facts.vulnerability_data:
        told.append(("error", state_line(facts)))
    elif facts.vulnerability_starter:
        told.append(("warning", state_line(facts)))
    told += [("warning", words) for words in doubts(facts)]
    return {
        "executionSuccessful": facts.complete and bool(facts.vulnerability_data),
        "endTimeUtc": facts.scanned_at,
        "toolExecutionNotifications": [
            {"level": level, "message": message(words)} for level, words in told
        ],
    }


def _rule(identifier: str, found: list[Vulnerability]) -> dict[str, object]:
    """3.49, reportingDescriptor; `found` is not empty."""
    worst = min(found, key=lambda one: list(SECURITY_SEVERITY).index(_rated(one)))
    summary = next((one.summary for one in found if one.summary), "")
    names = sorted({name for one in found for name in one.names} - {identifier})
    title = summary or f"Known vulnerability {identifier}"
    also = f". Also known as {', '.join(names)}." if names else "."
    return {
        "id": identifier,
        "shortDescription": message(title),
        "fullDescription": message(title.rstrip(".") + also),
        "help": message("\n".join(dict.fromkeys(map(_fix, found)))),
        "helpUri": advisory_page(identifier),
        "defaultConfiguration": {"level": _LEVELS.get(_rated(worst), "warning")},
        "properties": {
            "security-severity": SECURITY_SEVERITY[_rated(worst)],
            "tags": ["security", "vulnerability"],
        },
    }


def _fix(one: Vulnerability) -> str:
    return f"{one.component}: {one.fix or f'no version fixes it ({one.fix_state})'}"


def _result(one: Vulnerability, position: int, reference: str) -> dict[str, object]:
    """3.27."""
    first = one.matches[0]
    by = f" by {one.severity_by}" if one.severity_by else ""
    result: dict[str, object] = {
        "ruleId": one.id,
        "ruleIndex": position,
        "level": _LEVELS.get(_rated(one), "warning"),
        "kind": "fail",
        "message": message(
            f"{one.component} {first.compared}: {one.id} ({one.severity}{by}): "
            f"{first.because} ({first.advisory}, {first.feed}). {_fix(one)}"
        ),
        "locations": [
            {"physicalLocation": image_place(reference), "logicalLocations": _places(one)}
        ],
        "partialFingerprints": {"secure/v1": fingerprint(_RULE, one.place)},
        "properties": _properties(one),
    }
    if one.suppressed is not None:
        result["suppressions"] = [_suppression(one.suppressed)]
    return result


def _places(one: Vulnerability) -> list[dict[str, object]]:
    """3.33: every package and place, once."""
    places = sorted({(m.package, m.location.path, m.location.layer) for m in one.matches})
    return [
        {
            "name": package,
            # In an SBOM a package lies nowhere.
            "fullyQualifiedName": f"/{path} (layer {layer})" if path else package,
            "kind": "package",
        }
        for package, path, layer in places
    ]


def _properties(one: Vulnerability) -> dict[str, object]:
    return {
        "security-severity": SECURITY_SEVERITY[_rated(one)],
        "severity": one.severity,
        "component": one.component,
        "ecosystem": one.ecosystem,
        "installed": one.matches[0].compared,
        "fixed": list(one.fixed),
        "fixState": one.fix_state,
        "advisories": sorted({match.advisory for match in one.matches}),
        "cvss": [score.vector for score in one.scores],
        **({"kev": one.kev} if one.kev else {}),
        **({"epss": one.epss} if one.epss is not None else {}),
        **({"marks": list(one.marks)} if one.marks else {}),
    }


def _suppression(told: Suppression) -> dict[str, object]:
    """3.35."""
    words = filter(None, (told.status, told.justification, told.statement))
    return {
        "kind": "external",
        "status": "accepted",
        "justification": f"{' '.join(words)} ({told.by})",
    }


def _rated(one: Vulnerability) -> str:
    return one.severity if one.severity in SECURITY_SEVERITY else _UNRATED
