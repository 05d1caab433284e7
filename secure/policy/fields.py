"""Reading typed values out of a YAML tree, and collecting every mistake on the way."""

from __future__ import annotations

import re
from difflib import get_close_matches

from secure.errors import PolicyFileError
from secure.facts.plain import plain
from secure.policy.capabilities import CAPABILITIES, kernel_name
from secure.policy.keys import CHOICE, CHOICES, COUNT, CPUS, FLAG, Key, in_order
from secure.policy.rule import BYTES, CAPABILITY_NAMES, PATHS
from secure.policy.yaml_tree import Mapping, Node, Place, Scalar, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from secure.policy.settings import ParameterValue

# No leading zero: other readers of YAML take 010 for eight.
_COUNT = re.compile(r"0|[1-9][0-9]{0,14}")
_CPUS = re.compile(r"(0|[1-9][0-9]{0,4})(?:\.([0-9]{1,3}))?")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,14}) ?(B|KiB|MiB|GiB|TiB|k|m|g)?")
_UNITS = {
    None: 1,
    "B": 1,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
    "k": 1 << 10,
    "m": 1 << 20,
    "g": 1 << 30,
}
_LARGEST = 1 << 60
_LONGEST_TEXT = 1_000
_LONGEST_MESSAGE = 1_000
_MOST_TOLD = 20


class Mistakes:
    """The mistakes of one file, in order of appearance."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[tuple[int, int, str]] = []

    def add(self, place: Place, what: str) -> None:
        # The beginning of a text says which one it is; the file may be a megabyte of one word.
        shown = what if len(what) <= _LONGEST_MESSAGE else what[:_LONGEST_MESSAGE] + " …"
        self._found.append((place.line, place.column, plain(shown)))

    def __len__(self) -> int:
        return len(self._found)

    def raise_if_any(self) -> None:
        """Speak up, once for all.

        Raises:
            PolicyFileError: one line FILE:LINE:COLUMN: MISTAKE for each.
        """
        if self._found:
            lines = [f"{self._name}:{line}:{at}: {what}" for line, at, what in sorted(self._found)]
            told = list(dict.fromkeys(lines))
            if len(told) > _MOST_TOLD:
                told[_MOST_TOLD:] = [f"and {len(told) - _MOST_TOLD} more mistakes"]
            raise PolicyFileError(
                "\n".join(told),
                do="Correct the file; docs/policy.md describes the language.",
            )


def entries(
    node: Node, known: Iterable[str], where: str, mistakes: Mistakes
) -> dict[str, tuple[Scalar, Node]]:
    """The keys of a mapping; unknown and repeated ones are mistakes.

    Args:
        known: the keys there are.
        where: for messages: "rule IMG001", "launch".
    """
    if not isinstance(node, Mapping):
        mistakes.add(node.place, f"{where} has to be a mapping, found {kind(node)}")
        return {}
    names = list(known)
    found: dict[str, tuple[Scalar, Node]] = {}
    for key, held in node.pairs:
        if key.text not in names:
            mistakes.add(key.place, f'unknown key "{key.text}" in {where}{_hint(key.text, names)}')
        elif key.text in found:
            first = found[key.text][0].place.line
            mistakes.add(
                key.place, f'"{key.text}" is there twice in {where}, first in line {first}'
            )
        else:
            found[key.text] = (key, held)
    return found


def free_entries(node: Node, where: str, mistakes: Mistakes) -> dict[str, tuple[Scalar, Node]]:
    """The keys of a mapping in which every key is allowed, once."""
    keys = [key.text for key, _ in node.pairs] if isinstance(node, Mapping) else []
    return entries(node, keys, where, mistakes)


def text(node: Node, where: str, mistakes: Mistakes, form: re.Pattern[str] | None = None) -> str:
    """A text on one line, "" after a mistake."""
    if not isinstance(node, Scalar):
        mistakes.add(node.place, f"{where} has to be a text, found {kind(node)}")
        return ""
    held = node.text.strip()
    if not held:
        mistakes.add(node.place, f"{where} is empty")
    elif len(held) > _LONGEST_TEXT:
        mistakes.add(node.place, f"{where} is longer than {_LONGEST_TEXT} characters")
    elif not held.isprintable():
        mistakes.add(node.place, f"{where} has control characters")
    elif form is not None and not form.fullmatch(held):
        mistakes.add(node.place, f'{where} has a wrong form: "{held}"')
    else:
        return held
    return ""


def texts(node: Node, where: str, mistakes: Mistakes) -> list[tuple[str, Scalar]]:
    """The entries of a list of texts; repeated ones are mistakes."""
    if not isinstance(node, Sequence):
        mistakes.add(node.place, f"{where} has to be a list, found {kind(node)}")
        return []
    found: dict[str, Scalar] = {}
    for item in node.items:
        held = text(item, f"an entry of {where}", mistakes)
        if held and held in found:
            mistakes.add(item.place, f'"{held}" is there twice in {where}')
        elif held and isinstance(item, Scalar):
            found[held] = item
    return list(found.items())


def typed(key: Key, node: Node, where: str, mistakes: Mistakes) -> ParameterValue | None:
    """The value of a key in its type; None after a mistake."""
    if key.written == CHOICES or key.written not in (FLAG, COUNT, CPUS, BYTES, CHOICE):
        return _list(key, node, where, mistakes)
    if not isinstance(node, Scalar):
        mistakes.add(node.place, f"{where} has to be {_wanted(key)}, found {kind(node)}")
        return None
    found = _scalar(key, node)
    if found is None:
        options = [str(choice) for choice in key.choices if isinstance(choice, str)]
        hint = _hint(node.text, options)
        mistakes.add(node.place, f'{where} has to be {_wanted(key)}, found "{node.text}"{hint}')
    elif not isinstance(found, (bool, str)) and found < key.least:
        mistakes.add(node.place, f"{where} is {node.text}, the least is {key.least}")
        return None
    return found


def _scalar(key: Key, node: Scalar) -> int | bool | str | None:
    held = node.text
    if key.written == CHOICE:
        return held if held in key.choices else None
    if key.written == FLAG:
        return {"true": True, "false": False}.get(held) if not node.quoted else None
    if key.written == CPUS:
        cpus = _CPUS.fullmatch(held)
        return int(cpus[1]) * 1000 + int((cpus[2] or "").ljust(3, "0")) if cpus else None
    if key.written == BYTES:
        size = _SIZE.fullmatch(held)
        count = int(size[1]) * _UNITS[size[2]] if size else _LARGEST
        return count if count < _LARGEST else None
    return int(held) if _COUNT.fullmatch(held) else None


def _list(key: Key, node: Node, where: str, mistakes: Mistakes) -> ParameterValue | None:
    found: set[str] = set()
    before = len(mistakes)
    for held, item in texts(node, where, mistakes):
        entry = held
        if key.written == CHOICES and held not in key.choices:
            known = [str(choice) for choice in key.choices]
            mistakes.add(
                item.place,
                f'{where} knows {", ".join(known)}, found "{held}"{_hint(held, known)}',
            )
        elif key.written == CAPABILITY_NAMES:
            entry = kernel_name(held)
            if entry not in CAPABILITIES:
                hint = _hint(entry, list(CAPABILITIES))
                mistakes.add(item.place, f'{where}: unknown capability "{held}"{hint}')
        elif key.written == PATHS and not plain_path(held):
            mistakes.add(item.place, f'{where}: "{held}" is not a plain absolute path')
        found.add(entry)
    return in_order(key, found) if len(mistakes) == before else None


def plain_path(path: str) -> bool:
    """Absolute, and each part a name: nothing is empty, "." or ".."."""
    parts = path.split("/")[1:]
    return path == "/" or (path.startswith("/") and not {"", ".", ".."}.intersection(parts))


def _wanted(key: Key) -> str:
    if key.written == CHOICE:
        return "one of " + ", ".join(str(choice) for choice in key.choices)
    if key.written == BYTES:
        return "a size such as 512MiB"
    if key.written == CPUS:
        return "a number of processors such as 1.5"
    return "a whole number" if key.written == COUNT else key.written


def kind(node: Node) -> str:
    """What a node is, for messages."""
    if isinstance(node, Scalar):
        return f'"{node.text}"' if node.text else "nothing"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def _hint(word: str, known: list[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
