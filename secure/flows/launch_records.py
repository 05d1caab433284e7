"""What the audit log says about launches: plain data, made here so that both ends agree."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.canonical import Plain
    from secure.facts.evidence import Difference, Enforcement, Evidence
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
        "image": _image(record),
        "argv": list(plan.argv),
        "verdict": verdict_body(verdict),
        "evidence": evidence_body(evidence),
        "enforcement": [[e.protection, e.state, e.by, e.origin] for e in enforced],
        "differences": [[d.number, d.what, d.planned, d.found] for d in differences],
        "started": not differences,
    }


def refusal_body(record: LaunchRecord, verdict: Verdict) -> Plain:
    """A launch that the policy did not allow."""
    return {"image": _image(record), "verdict": verdict_body(verdict)}


def verdict_body(verdict: Verdict) -> Plain:
    """A verdict without the texts that any reader can look up by rule id."""
    return {
        "outcome": verdict.outcome,
        "stage": verdict.stage,
        "subject": verdict.subject,
        "policy": verdict.policy,
        "policy_digest": verdict.policy_digest,
        "findings": [[f.rule, f.outcome, f.at, f.found, f.wanted] for f in verdict.findings],
    }


def evidence_body(evidence: Evidence) -> Plain:
    """`Evidence`, field by field, as lists."""
    return {name: _plain(getattr(evidence, name)) for name in _FIELDS}


_FIELDS = (
    "pid", "uids", "gids", "groups", "uid_map", "gid_map", "capabilities", "no_new_privileges",
    "seccomp_mode", "seccomp_filters", "namespaces", "own_namespaces", "mounts", "root", "cwd",
    "limits", "cgroup_limits", "open_files", "landlock", "oom_score_adj",
)  # fmt: skip


def _plain(item: object) -> Plain:
    if isinstance(item, tuple):
        return [_plain(part) for part in item]
    if item is None or isinstance(item, (bool, int, str)):
        return item
    return [_plain(getattr(item, name)) for name in type(item).__match_args__]  # type: ignore[attr-defined]


def _image(record: LaunchRecord) -> Plain:
    return {"reference": record.reference, "digest": record.digest, "id": record.config_digest}
