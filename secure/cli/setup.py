"""`secure setup`: what root does once for the users of this machine."""

from __future__ import annotations

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import NotFoundError, UsageError

COMMAND = Command(
    name="setup",
    summary="delegate   give a user cgroups of his own, so that limits on memory, processors and\n"
    "           processes are the kernel's; as root",
    words="delegate",
    least=1,
    most=1,
    options=(
        Option("--user", "who", "NAME|UID"),
        Option("--undo", "take it back"),
    ),
)


def main(argv: list[str]) -> int:
    """0 when it is done."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    if arguments.words != ["delegate"]:
        raise UsageError(f'"{arguments.words[0]}" cannot be set up', do="See: secure setup --help")
    user = arguments.one("--user")
    if not user:
        raise UsageError("whose cgroups?", do="Add --user NAME.")
    uid = _uid(user)
    from secure.kernel.cgroup_delegation import delegate, withdraw

    if arguments.has("--undo"):
        write("".join(f"removed {place}\n" for place in withdraw(uid)))
        return 0
    for place in delegate(uid):
        write(f"delegated {place}\n")
    write("Check it as that user: secure info\n")
    return 0


def _uid(user: str) -> int:
    import pwd

    if user.isascii() and user.isdecimal():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise NotFoundError(f'this machine has no user "{user}"') from None
