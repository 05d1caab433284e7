"""What the audit log is told of one launch. Imported while init works, not before the clone."""

from __future__ import annotations

from secure.audit import chain
from secure.flows import launch_records
from secure.flows.clock import now
from secure.runtime.enforcement import enforcements
from secure.store.paths import data_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.canonical import Plain
    from secure.errors import SecureError
    from secure.facts.evidence import Difference, Evidence
    from secure.facts.verdict import Verdict
    from secure.runtime.plan import Plan
    from secure.runtime.record import LaunchRecord
    from secure.runtime.supervisor import Outcome


_KILLED = 137  # 128 + SIGKILL


class LaunchLog:
    """The records of one launch: at the gate, and at its end."""

    def __init__(self, plan: Plan, image: LaunchRecord, verdict: Verdict) -> None:
        self._plan, self._image, self._verdict = plan, image, verdict
        self._path = chain.log_path(data_dir())

    def at_gate(self, evidence: Evidence, differences: tuple[Difference, ...]) -> None:
        """Before the first instruction: what was decided, and what the kernel showed."""
        enforced = enforcements(self._plan, evidence)
        body = launch_records.launch_body(
            self._plan, self._image, self._verdict, evidence, enforced, differences
        )
        chain.append(self._path, "launch", body, now(), sync=bool(differences))

    def ended(self, outcome: Outcome, *, sync: bool) -> list[str]:
        """The program ended.

        Returns:
            What people should know of its end; nothing where all is well.
        """
        body: dict[str, Plain] = {
            "id": self._plan.id,
            "exit_code": outcome.exit_code,
            "oom_kills": outcome.oom_kills,
        }
        lines = []
        if outcome.oom_kills:
            lines.append(_oom(outcome.exit_code, outcome.oom_kills, self._plan.limits.memory_bytes))
        if outcome.refused or outcome.exit_code:
            from secure.flows import refused_calls

            calls = refused_calls.refused_calls(outcome)
            body |= refused_calls.body(outcome, calls)
            if outcome.exit_code:
                lines.append(refused_calls.line(outcome, calls, self._plan.seccomp, self._plan.id))
        elif outcome.refused is not None:
            body |= {"refused_calls": [], "more_refused": False}
        chain.append(self._path, "exit", body, now(), sync=sync)
        return [line for line in lines if line]

    def failed(self, error: SecureError) -> None:
        """It was not started, or was killed at the gate."""
        body: Plain = {"id": self._plan.id, "exit_code": error.exit_code, "error": str(error)}
        chain.append(self._path, "exit", body, now())


def _oom(code: int, kills: int, limit: int) -> str:
    ended = "was killed" if code == _KILLED else "ended"
    which = "one process" if kills == 1 else f"{kills} processes"
    return (
        f"the program {ended} with code {code}; the container used up its memory limit of "
        f"{limit >> 20} MiB, and the kernel killed {which} inside. Give more with --memory"
    )


def refused(image: LaunchRecord, verdict: Verdict) -> None:
    """The policy said no."""
    body = launch_records.refusal_body(image, verdict)
    chain.append(chain.log_path(data_dir()), "refusal", body, now())
