"""Why a launch is refused, or what it is warned of, in lines for a terminal. On the launch path."""

from __future__ import annotations

from secure.facts.verdict import DENY, NOT_CHECKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.verdict import Finding, Verdict


def refusal_lines(verdict: Verdict) -> list[str]:
    """Every finding that denies or could not be checked, with its fix."""
    found = [f for f in verdict.findings if f.outcome in (DENY, NOT_CHECKED)]
    return [line for finding in found for line in _lines(finding)]


def warning_lines(verdict: Verdict) -> list[str]:
    """Every other finding, one line each."""
    return [
        f"warning: {finding.rule} {finding.title}: {finding.found}"
        for finding in verdict.findings
        if finding.outcome == "warn"
    ]


def _lines(finding: Finding) -> list[str]:
    where = f" ({finding.at})" if finding.at else ""
    lines = [f"  {finding.rule} {finding.title}{where}", f"      found {finding.found}"]
    if finding.wanted:
        lines.append(f"      wanted {finding.wanted}")
    return [*lines, f"      {finding.fix}"]
