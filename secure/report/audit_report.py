"""What an audit report is about: the input of `html` and `audit_json`.

A flow gathers it from image facts, verdicts and the audit log; nothing here decides anything.
"""

from __future__ import annotations

import msgspec

from secure.facts.evidence import Difference, Enforcement, Evidence
from secure.facts.image import ImageFacts
from secure.facts.verdict import Verdict

STARTED, REFUSED, KILLED = "started", "refused", "killed at the gate"
FAILED = "failed"


class Subject(msgspec.Struct, frozen=True):
    """One image and what was decided about it.

    Args:
        facts: None where only the log is left of it.
        verdicts: in the order in which they were given.
    """

    reference: str
    facts: ImageFacts | None = None
    verdicts: tuple[Verdict, ...] = ()


class Launch(msgspec.Struct, frozen=True):
    """One launch, as the audit log has it.

    Args:
        seq: number of its record in the audit log.
        time: RFC 3339, UTC.
        image, digest: as the log names them.
        outcome: `STARTED`, `REFUSED`, `KILLED`, or `FAILED`: it passed the gate, and then its
            program could not be executed, or the run was broken off by an error.
        evidence: None where no process was made.
        differences: why it was killed.
        exit_code: None while it runs, or where the log has no end for it.
        error: why it was killed or failed, as the caller was told.
    """

    seq: int
    time: str
    image: str
    digest: str
    outcome: str
    container: str = ""
    argv: tuple[str, ...] = ()
    verdict: Verdict | None = None
    evidence: Evidence | None = None
    enforcement: tuple[Enforcement, ...] = ()
    differences: tuple[Difference, ...] = ()
    exit_code: int | None = None
    error: str = ""


class Chain(msgspec.Struct, frozen=True):
    """What the verification of the audit log said.

    Args:
        records: whole records.
        head_seq, head_hash: the last record up to which the chain holds.
        broken: the first broken record, in a sentence; "" if there is none.
        torn: unfinished lines that a crash explains, one sentence each.
        notes: clocks that went backwards.
        expected_head: a head noted elsewhere was compared.
    """

    records: int
    segments: int
    head_seq: int
    head_hash: str
    first_time: str = ""
    last_time: str = ""
    broken: str = ""
    torn: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    expected_head: bool = False


class AuditReport(msgspec.Struct, frozen=True):
    """One report.

    Args:
        made_at: RFC 3339, UTC.
        launches: newest first.
        chain: None where no log was looked at.
    """

    title: str
    made_at: str
    tool_version: str
    subjects: tuple[Subject, ...] = ()
    launches: tuple[Launch, ...] = ()
    chain: Chain | None = None
