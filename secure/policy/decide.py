"""From violations to a verdict: the one place where stage actions and waivers are applied.

On the launch path: nothing heavy. The outcome has three values:

    any finding that denies                             -> DENY
    else any undecided rule whose stage action denies   -> NOT_CHECKED
    else                                                -> ALLOW
"""

from __future__ import annotations

from secure.facts.verdict import ALLOW, CI, DENY, NOT_CHECKED, SEVERITIES, Finding, Verdict
from secure.policy.settings import OFF, WARN
from secure.policy.waive import WaiverSubject, describe, match, standing, unused
from secure.sha256 import sha256_hex
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secure.policy.rule import Rule, Violation
    from secure.policy.settings import Policy, RuleSetting, Waiver

WAIVED = "waived"
_OUTCOMES = (DENY, NOT_CHECKED, WARN, WAIVED)


@value
class Checked:
    """One rule that was run: what it said, under which setting."""

    rule: Rule
    setting: RuleSetting
    violations: tuple[Violation, ...]


def decide(
    policy: Policy,
    checked: Iterable[Checked],
    *,
    stage: str,
    subject: str,
    waivers_for: WaiverSubject,
    now: str,
) -> Verdict:
    """The verdict of a policy, from what its rules said.

    Args:
        subject: for the verdict: a digest, or the name of a launch.
        waivers_for: what waivers may name.
        now: RFC 3339, UTC.
    """
    ran = tuple(checked)
    counted = standing(policy, waivers_for, frozenset(item.rule.id for item in ran), now)
    findings: list[Finding] = []
    passed: list[str] = []
    used: set[Waiver] = set()
    blocked = False
    for item in ran:
        action = item.setting.ci if stage == CI else item.setting.launch
        if action != OFF and not item.violations:
            passed.append(item.rule.id)
        for violation in item.violations:
            if action == OFF and not (violation.bound or item.rule.locked):
                continue
            finding, waiver = _finding(item.rule, violation, action, counted.current)
            findings.append(finding)
            if waiver is not None:
                used.add(waiver)
            elif violation.undecided and (violation.action or action) == DENY:
                blocked = True
    findings.sort(key=_worst_first)
    notes = counted.notes + tuple(unused(w) for w in counted.current if w not in used)
    denied = any(finding.outcome == DENY for finding in findings)
    return Verdict(
        outcome=DENY if denied else NOT_CHECKED if blocked else ALLOW,
        stage=stage,
        subject=subject,
        policy=policy.name,
        policy_digest=policy.digest,
        findings=tuple(findings),
        passed=tuple(passed),
        decided_at=now,
        notes=notes,
    )


def fingerprint(rule_id: str, place: str) -> str:
    """Stable across builds and machines: for waivers and SARIF."""
    return sha256_hex(f"{rule_id}\0{place}".encode("utf-8", "backslashreplace"))[:32]


def _finding(
    rule: Rule, violation: Violation, action: str, waivers: tuple[Waiver, ...]
) -> tuple[Finding, Waiver | None]:
    absolute = violation.bound or rule.locked
    outcome = violation.action or action
    if absolute:
        outcome = DENY
    elif violation.undecided:
        outcome = NOT_CHECKED

    def made(outcome: str, waiver: str) -> Finding:
        return Finding(
            rule=rule.id,
            severity=violation.severity or rule.severity,
            title=rule.title,
            at=violation.at,
            found=violation.found,
            wanted=violation.wanted,
            outcome=outcome,
            fix=violation.fix or rule.fix,
            fingerprint=fingerprint(rule.id, violation.place or violation.at),
            waiver=waiver,
        )

    finding = made(outcome, "")
    if absolute:
        return finding, None
    waiver = match(waivers, finding, violation.path)
    if waiver is None:
        return finding, None
    return made(WAIVED, describe(waiver)), waiver


def _worst_first(finding: Finding) -> tuple[int, int, str, str, str]:
    return (
        _OUTCOMES.index(finding.outcome),
        SEVERITIES.index(finding.severity),
        finding.rule,
        finding.at,
        finding.found,
    )
