"""Launches and verdicts as the audit log keeps them: records to plain data and back.

Both directions stand here so that they agree. On the launch path.
"""

from __future__ import annotations

from secure.facts.evidence import Difference, Enforcement, Evidence, MountFact
from secure.flows.plain_records import named, plain, tuples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from secure.audit.canonical import Plain
    from secure.facts.verdict import Verdict
    from secure.runtime.plan import Plan
    from secure.runtime.record import LaunchRecord


def launch_body(
    plan: Plan,
    record: LaunchRecord,
    verdict: Verdict,
    evidence: Evidence,
    enforced: tuple[Enforcement, ...],
    differences: tuple[Difference, ...],
) -> Plain:
    """A container at the gate: who it is, what was decided, what the kernel showed."""
    return {
        "id": plan.id,
        "image": image_body(record),
        "argv": list(plan.argv),
        "verdict": plain(verdict),
        "evidence": plain(evidence),
        "enforcement": plain(enforced),
        "differences": plain(differences),
    }


def refusal_body(record: LaunchRecord, verdict: Verdict) -> Plain:
    """A launch that the policy did not allow."""
    return {"image": image_body(record), "verdict": plain(verdict)}


def check_body(reference: str, digest: str, verdict: Verdict) -> Plain:
    """A verdict of the CI gate."""
    return {"image": {"reference": reference, "digest": digest}, "verdict": plain(verdict)}


def image_body(record: LaunchRecord) -> Plain:
    """Which image: as named, and what it was verified to be."""
    return {"reference": record.reference, "digest": record.digest, "id": record.config_digest}


def evidence_from(fields: Any) -> Evidence:
    """The evidence that `plain` wrote."""
    values = named(Evidence, fields)
    values["mounts"] = tuple(MountFact(*tuples(mount)) for mount in values["mounts"])
    return Evidence(**values)


def enforcement_from(rows: Any) -> tuple[Enforcement, ...]:
    """The enforcement lines that `plain` wrote."""
    return tuple(Enforcement(*row) for row in rows)


def differences_from(rows: Any) -> tuple[Difference, ...]:
    """The differences that `plain` wrote."""
    return tuple(Difference(*row) for row in rows)
