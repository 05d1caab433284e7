"""`secure audit`: show, verify and report the audit log."""

from __future__ import annotations

from secure.cli.arguments import OUTPUT, Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.cli.units import count
from secure.errors import TamperedError, UsageError

COMMAND = Command(
    name="audit",
    summary="log       the newest records\n"
    "evidence  what the kernel showed of the newest launch, and what enforces what\n"
    "verify    is the log as it was written? (exit code 3 if not)\n"
    "report    verdicts, launches and evidence, as HTML or JSON",
    words="log | evidence | verify | report",
    least=1,
    most=1,
    options=(
        Option("--limit", "how many of the newest records", "NUMBER", "-n"),
        Option("--head", "verify: the log must still contain this record", "SEQ:HASH"),
        Option("--format", "report: html or json", "NAME"),
        OUTPUT,
    ),
)


def main(argv: list[str]) -> int:
    """Dispatch on the word."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    verb = arguments.words[0]
    limit = count("--limit", arguments.one("--limit", "200"))
    if verb == "log":
        return _log(limit)
    if verb == "evidence":
        from secure.flows.audit import evidence_lines

        write("\n".join(evidence_lines()) + "\n")
        return 0
    if verb == "verify":
        return _verify(arguments.one("--head"))
    if verb == "report":
        form = arguments.choice("--format", "html", "json")
        return _report(limit, form, arguments.one("--output"))
    raise UsageError(f'unknown word "{verb}"', do="Use log, evidence, verify or report.")


def _log(limit: int) -> int:
    from secure.audit.read import read
    from secure.audit.record import Record
    from secure.flows.audit import log_path, summary

    for line in read(log_path(), limit=limit):
        if isinstance(line, Record):
            write(f"{summary(line)}\n")
        else:
            write(f"!!! {line.file}:{line.line} is no record; why: secure audit verify\n")
    return 0


def _verify(head: str) -> int:
    from secure.flows.audit import log_path, parsed_head, verified

    found = verified(parsed_head(head) if head else None)
    for torn in found.torn:
        write(f"note: {torn}\n")
    if found.broken is not None:
        raise TamperedError(
            f'audit log "{log_path()}" is broken: {found.broken}',
            do="What comes before that record still holds; keep a copy of the file.",
        )
    write(
        f"{found.records} {'record holds' if found.records == 1 else 'records hold'},"
        f" from {found.first_time} to {found.last_time}\n"
        f"head {found.head.seq}:{found.head.hash}\n"
    )
    return 0


def _report(limit: int, form: str, output: str) -> int:
    from secure.flows.audit import report
    from secure.flows.audit_vulnerabilities import with_vulnerabilities

    if form == "html":
        from secure.report.html import render
    else:
        from secure.report.audit_json import render
    write(render(with_vulnerabilities(report(limit))), output)
    return 0
