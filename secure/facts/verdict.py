"""A decision: one type for the CI gate, the launch gate and the audit report.

On the launch path, so `@value` and no enum.
"""

from __future__ import annotations

from secure.value import value

ALLOW, DENY, NOT_CHECKED = "allow", "deny", "not checked"
CI, LAUNCH = "ci", "launch"
SEVERITIES = ("critical", "high", "medium", "low", "info")


@value
class Finding:
    """One violation of one rule, or one rule that could not be checked.

    Args:
        rule: rule id, e.g. "IMG001".
        severity: one of `SEVERITIES`.
        title: the rule's title.
        at: where, e.g. "config.User", "usr/bin/su (layer 1)", "--cap-add".
        found: the observed value, as text.
        wanted: the required value, as text.
        outcome: "deny", "warn" or "not checked" after the policy's stage setting; "waived" when a
            waiver applies.
        fix: what to do.
        fingerprint: stable hash of rule and place, hex, 32 characters: for waivers and SARIF.
        waiver: owner, reason and expiry of the waiver applied, "" if none.
    """

    rule: str
    severity: str
    title: str
    at: str
    found: str
    wanted: str
    outcome: str
    fix: str
    fingerprint: str = ""
    waiver: str = ""


@value
class Verdict:
    """What a policy says about one subject at one stage.

    Args:
        outcome: `ALLOW`, `DENY` or `NOT_CHECKED`. "Could not decide" is never "allowed".
        stage: `CI` or `LAUNCH`.
        subject: digest of the image, or name of the launch.
        policy: name of the policy.
        policy_digest: sha256 of the composed policy.
        findings: worst first.
        passed: ids of the rules that were checked and had nothing to say.
        decided_at: RFC 3339, UTC: the `now` that was passed in.
        notes: warnings about waivers that expire soon or matched nothing.
    """

    outcome: str
    stage: str
    subject: str
    policy: str
    policy_digest: str
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    decided_at: str
    notes: tuple[str, ...] = ()
