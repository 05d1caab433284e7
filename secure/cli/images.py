"""`secure images`: the images of this machine."""

from __future__ import annotations

from secure.cli.arguments import Command, Option, help_text, parse
from secure.cli.terminal import write
from secure.errors import UsageError
from secure.store.messages import tell

COMMAND = Command(
    name="images",
    summary="list       what is stored\n"
    "load FILE  verify, scan and unpack an archive\n"
    "rm IMAGE   remove an image and the layers only it needed",
    words="list | load FILE | rm IMAGE",
    least=1,
    most=2,
    options=(
        Option("--name", "load: the name it shall have", "NAME[:TAG]"),
        Option("--userns", "load: for which id map", "single|range"),
    ),
)


def main(argv: list[str]) -> int:
    """Dispatch on the first word."""
    arguments = parse(COMMAND, argv)
    if arguments.has("--help"):
        write(help_text(COMMAND))
        return 0
    from secure.flows import local_images

    verb, *words = arguments.words
    if verb == "list" and not words:
        for one in local_images.images():
            names = ", ".join(one.names) or one.reference
            write(f"{one.config_digest[7:19]}  {one.owner_kind:6}  {names}\n")
    elif verb == "load" and words:
        name, ids = arguments.one("--name"), arguments.one("--userns")
        found = local_images.load(words[0], name, ids, tell)
        write(f"{found.config_digest}\n")
    elif verb == "rm" and words:
        write("".join(f"removed {path}\n" for path in local_images.remove(words[0])))
    else:
        raise UsageError(
            f"secure images {' '.join(arguments.words)} makes no sense",
            do="See: secure images --help",
        )
    return 0
