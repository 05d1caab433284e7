"""Command lines without argparse, which costs more than a whole launch may.

GNU habits: `--name value`, `--name=value`, `-n value`, `-nvalue`, clusters `-it`, and `--`.
"""

from __future__ import annotations

from secure.errors import UsageError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@value
class Option:
    """One flag.

    Args:
        name: "--memory". short: "-m" or "".
        takes: name of its value for the help, "" for a switch.
        many: may be given more than once.
        empty: its value may be the empty text.
        raw: its value goes to the kernel alone, which takes any bytes.
    """

    name: str
    help: str
    takes: str = ""
    short: str = ""
    many: bool = False
    empty: bool = False
    raw: bool = False


@value
class Command:
    """One command: what it is called and what it takes.

    Args:
        words: names of its positional arguments for the help: "IMAGE [COMMAND [ARG...]]".
        least, most: how many positional arguments; most -1 is any number.
        stops: the first positional argument ends the flags: what follows is another program's.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    words: str = ""
    least: int = 0
    most: int = 0
    stops: bool = False
    more: str = ""


class Arguments:
    """What was given: values by option name, and the positional words."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._given: dict[str, list[str]] = {}

    def add(self, option: Option, text: str) -> None:
        """Note one occurrence.

        Raises:
            UsageError: a second one of an option that takes only one; an empty value, or one that
                is not UTF-8.
        """
        # `--policy "$UNSET"` or `--sha256 "$UNSET"` would otherwise ask for nothing, in silence.
        if not text and not option.empty:
            raise UsageError(f"{option.name} has an empty value", do="Give one, or leave it out.")
        if not option.raw:
            must_be_text(text)
        given = self._given.setdefault(option.name, [])
        if given and not option.many and option.takes:
            raise UsageError(f"{option.name} is given twice", do="Give it once.")
        given.append(text)

    def has(self, name: str) -> bool:
        """The switch was given, and not as `--name=false`."""
        return self._given.get(name, ["false"])[-1] != "false"

    def one(self, name: str, default: str = "") -> str:
        """The value of an option, or `default`."""
        return self._given.get(name, [default])[-1]

    def choice(self, name: str, *allowed: str) -> str:
        """The value of an option, which must be one of `allowed`; else the first of them.

        Raises:
            UsageError: it is another.
        """
        given = self.one(name, allowed[0])
        if given not in allowed:
            raise UsageError(f'{name} "{given}" is unknown', do=f"Use {_or(allowed)}.")
        return given

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a repeatable option, in order."""
        return tuple(self._given.get(name, ()))

    def tristate(self, name: str) -> bool | None:
        """True, False (`--name=false`) or None where it was not given."""
        return self.has(name) if name in self._given else None


def _or(words: tuple[str, ...]) -> str:
    """ "a, b or c"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


HELP = Option("--help", "show this help", short="-h")
# Of several commands, always alike.
OUTPUT = Option("--output", "write to a file instead", "FILE", "-o")
PLATFORM = Option("--platform", "which of several, e.g. linux/arm64", "OS/ARCH")
VEX = Option("--vex", "statements on vulnerabilities: a file or a folder", "PATH", many=True)


def must_be_text(text: str) -> None:
    """Facts, reports and the audit log are UTF-8, and so are the names in them.

    Raises:
        UsageError: the caller's bytes were not.
    """
    try:
        text.encode()
    except UnicodeEncodeError as cause:
        raise UsageError(
            f'"{text.encode(errors="surrogateescape").decode(errors="backslashreplace")}"'
            " is not UTF-8, so no report could name it",
            do="Give the file another name, or a link with one.",
        ) from cause


def parse(command: Command, argv: list[str]) -> Arguments:
    """Read a command line.

    Raises:
        UsageError: an unknown option, a missing or unwanted value, too many or too few words.
    """
    found = Arguments()
    rest = iter(argv)
    for word in rest:
        if word == "--":
            found.words.extend(rest)
        elif word.startswith("--"):
            _long(command, found, word, rest)
        elif word.startswith("-") and word != "-":
            _short(command, found, word, rest)
        else:
            found.words.append(word)
            if command.stops:
                found.words.extend(rest)
    if not found.has("--help"):
        _count(command, found.words)
    # What follows the first word of a command that stops there is another program's.
    for word in found.words[:1] if command.stops else found.words:
        must_be_text(word)
    return found


def _long(command: Command, found: Arguments, word: str, rest: Iterator[str]) -> None:
    name, equals, text = word.partition("=")
    option = _find(command, name)
    if option.takes:
        found.add(option, text if equals else _next(option, rest))
    elif equals and text not in {"true", "false"}:
        raise UsageError(f'{name} is a switch; "{text}" is neither true nor false')
    else:
        found.add(option, text or "true")


def _short(command: Command, found: Arguments, word: str, rest: Iterator[str]) -> None:
    for position, letter in enumerate(word[1:], start=2):
        option = _find(command, f"-{letter}")
        if not option.takes:
            found.add(option, "true")
            continue
        attached = word[position:].removeprefix("=")
        found.add(option, attached or _next(option, rest))
        return


def _next(option: Option, rest: Iterator[str]) -> str:
    for word in rest:
        return word
    raise UsageError(f"{option.name} needs a value: {option.name} {option.takes}")


def _find(command: Command, name: str) -> Option:
    for option in (*command.options, HELP):
        if name in (option.name, option.short):
            return option
    from difflib import get_close_matches

    near = get_close_matches(name, [option.name for option in command.options], 1)
    hint = f"Did you mean {near[0]}?" if near else f"See: secure {command.name} --help"
    raise UsageError(f'unknown option "{name}" of secure {command.name}', do=hint)


def _count(command: Command, words: list[str]) -> None:
    if len(words) < command.least:
        raise UsageError(
            f"secure {command.name} needs {command.words}", do=f"See: secure {command.name} --help"
        )
    if 0 <= command.most < len(words):
        raise UsageError(
            f'secure {command.name} does not know what to do with "{words[command.most]}"',
            do=f"See: secure {command.name} --help",
        )


def help_text(command: Command) -> str:
    """The help of one command, plain text."""
    usage = " ".join(
        part for part in ("secure", command.name, "[OPTION...]", command.words) if part
    )
    rows = []
    for option in (*command.options, HELP):
        left = ", ".join(part for part in (option.short, option.name) if part)
        rows.append((f"{left} {option.takes}".rstrip(), option.help))
    width = max(len(left) for left, _ in rows)
    lines = [f"  {left.ljust(width)}  {text}" for left, text in rows]
    tail = [command.more] if command.more else []
    return "\n".join([f"Usage: {usage}", "", command.summary, "", *lines, *tail]) + "\n"
