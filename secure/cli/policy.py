"""`secure policy`: list, show, explain, validate."""

from __future__ import annotations

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import UsageError

COMMAND = Command(
    name="policy",
    summary="list            the built-in policies\n"
    "show NAME|FILE  every rule and setting, and where it was set\n"
    "explain RULE    why a rule exists, what the policy says, how to satisfy it\n"
    "explain CALL    which seccomp profiles refuse a system call, why, and whom they refused it\n"
    "validate FILE   is this file a policy? (exit code 2 if not)",
    words="list | show NAME|FILE | explain RULE|CALL | validate FILE",
    least=1,
    most=2,
    options=(Option("--policy", "for explain: which policy", "NAME|FILE"),),
)


def main(argv: list[str]) -> int:
    """Dispatch on the first word."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    from secure.flows import policies

    verb, *words = arguments.words
    if verb == "list" and not words:
        write("".join(f"{name}\n" for name in policies.built_in()))
    elif verb == "show" and words:
        write(policies.shown(words[0]))
    elif verb == "explain" and words:
        write(policies.explained(words[0], arguments.one("--policy")))
    elif verb == "validate" and words:
        write(f"{words[0]}: a valid policy, {policies.load(words[0]).name}\n")
    else:
        raise UsageError(
            f"secure policy {' '.join(arguments.words)} makes no sense",
            do="See: secure policy --help",
        )
    return 0
