"""`secure info`: what this machine can enforce."""

from __future__ import annotations

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write

COMMAND = Command(
    "info",
    "What this machine can enforce for you, by what, and what would enable the rest.",
    (Option("--format", "text or json", "NAME"),),
)


def main(argv: list[str]) -> int:
    """Always 0: it only tells."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    form = arguments.choice("--format", "text", "json")
    from secure.flows.machine_report import rows

    found = rows()
    if form == "json":
        import json

        told = [{name: getattr(row, name) for name in type(row).__match_args__} for row in found]
        write(json.dumps(told, indent=2) + "\n")
        return 0
    width = max(len(row.protection) for row in found)
    for row in found:
        write(f"{row.protection.ljust(width)}  {row.by}\n")
        for more in filter(None, (row.why, row.do)):
            write(f"{' ' * width}    {more}\n")
    return 0
