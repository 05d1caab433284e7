"""`secure check`: the CI gate."""

from __future__ import annotations

from secure.cli.arguments import OUTPUT, PLATFORM, VEX, Command, Option, help_text, parse
from secure.cli.terminal import colour, width, write
from secure.errors import InputError, PolicyRefusedError, UsageError
from secure.facts.verdict import ALLOW, DENY

FORMATS = ("table", "json", "sarif")
COMMAND = Command(
    name="check",
    summary="Is this image allowed to ship, and if not, exactly why?",
    words="IMAGE",
    least=1,
    most=1,
    options=(
        Option("--policy", "policy to judge by", "NAME|FILE"),
        Option("--format", "table, json or sarif", "NAME"),
        OUTPUT,
        PLATFORM,
        VEX,
    ),
    more="\nExit code: 0 allowed, 1 denied, 3 could not decide.",
)


def main(argv: list[str]) -> int:
    """0 allowed, 1 denied, 3 could not decide."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    form = arguments.choice("--format", *FORMATS)
    reference = arguments.words[0]
    if reference.startswith("sbom:"):
        raise UsageError(
            "secure check judges images: an SBOM says nothing of files, secrets and settings",
            do="Its vulnerabilities: secure scan sbom:FILE --fail-on high",
        )
    from secure.flows.check import check

    found = check(
        reference,
        arguments.one("--policy"),
        arguments.one("--platform"),
        vex=arguments.all("--vex"),
    )
    output = arguments.one("--output")
    if form == "json":
        from secure.report.verdict_json import verdict_json

        write(verdict_json(found.verdict, found.facts), output)
    elif form == "sarif":
        from secure.report.sarif import verdict_sarif

        write(verdict_sarif(found.verdict, reference), output)
    else:
        from secure.report.table import verdict_table

        paint = colour() and not output
        write(verdict_table(found.verdict, color=paint, width=width()), output)
    codes = {ALLOW: 0, DENY: PolicyRefusedError.exit_code}
    return codes.get(found.verdict.outcome, InputError.exit_code)
