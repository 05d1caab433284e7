"""The audit log, verified and told: the input of the audit report."""

from __future__ import annotations

from secure import __version__
from secure.audit import chain, read, verify
from secure.audit.record import Head, Record, content
from secure.errors import NotFoundError, TamperedError, UsageError
from secure.facts.plain import plain
from secure.flows import launch_records as records
from secure.flows.clock import now
from secure.flows.kept_facts import kept
from secure.flows.plain_records import verdict_from
from secure.report.audit_report import (
    FAILED,
    KILLED,
    REFUSED,
    STARTED,
    AuditReport,
    Chain,
    Launch,
    Subject,
)
from secure.sha256 import HEX_LENGTH
from secure.store.paths import data_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from secure.audit.verify import VerifyResult

_LOOK_BACK = 50
_MOST_CALLS = 5  # on one line


def log_path() -> str:
    """Where the caller's log is."""
    return chain.log_path(data_dir())


def verified(expected_head: Head | None = None) -> VerifyResult:
    """Verify the log; see `secure.audit.verify`."""
    return verify.verify(log_path(), expected_head=expected_head)


def report(newest: int) -> AuditReport:
    """The newest `newest` records as a report, with whether the whole log holds."""
    lines = [line for line in read.read(log_path(), limit=newest) if isinstance(line, Record)]
    told = [(record, content(record)) for record in lines]
    try:
        return _report(told)
    except (KeyError, TypeError, ValueError) as cause:
        raise TamperedError(
            "a record of the audit log has not the form it was written in",
            do="Find it with: secure audit verify",
        ) from cause


def _report(told: list[tuple[Record, dict[str, Any]]]) -> AuditReport:
    return AuditReport(
        title="Audit report",
        made_at=now(),
        tool_version=__version__,
        subjects=_subjects(told),
        launches=_launches(told),
        chain=_chain(),
    )


def _chain() -> Chain:
    found = verified()
    return Chain(
        records=found.records,
        segments=found.segments,
        head_seq=found.head.seq,
        head_hash=found.head.hash,
        first_time=found.first_time,
        last_time=found.last_time,
        broken=str(found.broken) if found.broken else "",
        torn=tuple(map(str, found.torn)),
        notes=found.notes,
    )


def _subjects(told: list[tuple[Record, dict[str, Any]]]) -> tuple[Subject, ...]:
    """One subject per image digest, with the verdicts of the CI gate in order."""
    verdicts: dict[tuple[str, str], list[Any]] = {}
    for record, body in told:
        if record.kind == "check":
            key = (body["image"]["digest"], body["image"]["reference"])
            verdicts.setdefault(key, []).append(verdict_from(body["verdict"]))
    return tuple(
        Subject(reference, kept(digest), tuple(found))
        for (digest, reference), found in verdicts.items()
    )


def _launches(told: list[tuple[Record, dict[str, Any]]]) -> tuple[Launch, ...]:
    ends = {body["id"]: body for record, body in told if record.kind == "exit"}
    found = []
    for record, body in told:
        if record.kind == "launch":
            found.append(_started(record, body, ends.get(body["id"], {})))
        elif record.kind == "refusal":
            found.append(_refused(record, body))
    return tuple(reversed(found))


def _started(record: Record, body: dict[str, Any], end: dict[str, Any]) -> Launch:
    differences = records.differences_from(body["differences"])
    error = str(end.get("error", ""))
    return Launch(
        seq=record.seq,
        time=record.time,
        image=body["image"]["reference"],
        digest=body["image"]["digest"],
        outcome=KILLED if differences else FAILED if error else STARTED,
        container=body["id"],
        argv=tuple(body["argv"]),
        verdict=verdict_from(body["verdict"]),
        evidence=records.evidence_from(body["evidence"]),
        enforcement=records.enforcement_from(body["enforcement"]),
        differences=differences,
        exit_code=end.get("exit_code"),
        error=error,
    )


def _refused(record: Record, body: dict[str, Any]) -> Launch:
    return Launch(
        seq=record.seq,
        time=record.time,
        image=body["image"]["reference"],
        digest=body["image"]["digest"],
        outcome=REFUSED,
        verdict=verdict_from(body["verdict"]),
    )


def summary(record: Record) -> str:
    """One record in one line, for people."""
    body: dict[str, Any] = content(record)
    image = body.get("image", {})
    told = {
        "check": lambda: f"{_outcome(body)} {image['reference']}",
        "launch": lambda: f"{body['id']} {image['reference']} {' '.join(body['argv'])}",
        "refusal": lambda: f"{_outcome(body)} {image['reference']}",
        "exec": lambda: f"{body['id']} {' '.join(body['argv'])}",
        "exit": lambda: _exit_words(body),
    }
    words = told[record.kind]() if record.kind in told else ""
    line = f"{record.seq:>6}  {record.time}  {record.kind:8}  {words}"
    return plain(line)


def _exit_words(body: dict[str, Any]) -> str:
    words = f"{body['id']} code {body['exit_code']}"
    if body.get("oom_kills"):
        words += ", out of memory"
    if refused := [one["call"] for one in body.get("refused_calls", ())]:
        words += f", refused: {', '.join(refused[:_MOST_CALLS])}"
    return words


def evidence_lines() -> list[str]:
    """The newest launch: which image, what enforces what, and what the kernel showed.

    Raises:
        NotFoundError: nothing was launched yet.
    """
    launches = [one for one in report(_LOOK_BACK).launches if one.evidence is not None]
    if not launches or launches[0].evidence is None:
        raise NotFoundError("no launch is in the audit log", do="Run something: secure run IMAGE")
    newest = launches[0]
    lines = [f"container {newest.container}, {newest.image}", f"image {newest.digest}", ""]
    width = max(len(one.protection) for one in newest.enforcement)
    states = max(len(one.state) for one in newest.enforcement)
    lines += [
        f"{one.protection.ljust(width)}  {one.state.ljust(states)}  {one.by}"
        for one in newest.enforcement
    ]
    lines += ["", f"record {newest.seq}, {newest.time}, {newest.outcome}"]
    return lines


def parsed_head(text: str) -> Head:
    """SEQ:HASH as `secure audit verify` prints it.

    Raises:
        UsageError: it is not of that form.
    """
    seq, _, digest = text.partition(":")
    if not (seq.isdecimal() and len(digest) == HEX_LENGTH):
        raise UsageError(f'--head "{text}" is not SEQ:HASH', do="Copy it from secure audit verify.")
    return Head(int(seq), digest)


def _outcome(body: dict[str, Any]) -> str:
    return str(verdict_from(body["verdict"]).outcome)
