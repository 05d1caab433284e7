"""`secure inspect`: one container, as the audit log has it."""

from __future__ import annotations

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write

COMMAND = Command(
    name="inspect",
    summary="What a container was, what enforced what, how it ended, and which system calls its\n"
    "filter refused. Without a word: the newest one.",
    words="[CONTAINER]",
    most=1,
    options=(Option("--format", "text or json", "NAME"),),
)


def main(argv: list[str]) -> int:
    """Show one container."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    from secure.flows.inspect import as_json, inspect, lines

    form = arguments.choice("--format", "text", "json")
    found = inspect(arguments.words[0] if arguments.words else "")
    write(as_json(found) if form == "json" else "\n".join(lines(found)) + "\n")
    return 0
