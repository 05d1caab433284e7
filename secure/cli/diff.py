"""`secure diff`: what a new image fixes and brings."""

from __future__ import annotations

from secure.cli.arguments import OUTPUT, PLATFORM, VEX, Command, Option, help_text, parse
from secure.cli.scan import severities_from
from secure.cli.terminal import write
from secure.errors import InputError, PolicyRefusedError

COMMAND = Command(
    name="diff",
    summary="What a new image fixes and brings: packages and known vulnerabilities.",
    words="A B",
    least=2,
    most=2,
    options=(
        Option("--format", "table or json", "NAME"),
        OUTPUT,
        PLATFORM,
        Option(
            "--fail-on",
            "exit 1 if B brings one from this on: info, low, medium, high, critical",
            "SEVERITY",
        ),
        VEX,
    ),
    more="\nA and B are images, SBOMs, or what secure scan --format json wrote. Both are compared"
    "\nwith the database of today."
    "\nExit code: 0 complete, 1 B brings a vulnerability of --fail-on, 3 something could not be"
    "\nread, or --fail-on where the packages of one could not be compared.",
)  # fmt: skip


def main(argv: list[str]) -> int:
    """0 where both sides were read, 1 where the newer brings what it must not, 3 undecided."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    form = arguments.choice("--format", "table", "json")
    severities = severities_from(arguments.one("--fail-on"))
    from secure.flows.diff import diff
    from secure.flows.vulnerabilities import counted, is_compared
    from secure.report.image_diff import diff_json, diff_table
    from secure.report.vulnerability_diff import Change

    before, after = arguments.words
    found = diff(before, after, arguments.one("--platform"), arguments.all("--vex"))
    write(diff_json(found) if form == "json" else diff_table(found), arguments.one("--output"))
    brought = (o.vulnerability for o in found.vulnerabilities if o.change is Change.NEW)
    if counted(brought, severities):
        return PolicyRefusedError.exit_code
    both = is_compared(found.before) and is_compared(found.after)
    decided = found.complete and (both or not severities)
    return 0 if decided else InputError.exit_code
