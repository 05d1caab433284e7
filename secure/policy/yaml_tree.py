"""YAML bytes to a tree whose every node knows its line and column.

Built from parser events without recursion, under bounds. Scalars stay text, so that `off` is the
word and not false; what a text means is decided by the key that holds it.
"""

from __future__ import annotations

import re

import yaml

from secure.errors import PolicyFileError
from secure.facts.plain import plain
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

# YAML 1.1 ends lines at NEL and at the separators, and so comments; editors and reviews show none.
# The rest turns text round or shows nothing.
_UNSEEN = re.compile(
    "\r(?!\n)|[\x85\u2028\u2029\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
MAX_BYTES = 1 << 20
MAX_DEPTH = 16  # the deepest key of the language is at 6
MAX_NODES = 20_000  # aliases count as often as they are used, so they cannot multiply


@value
class Place:
    """Where a node begins, counted from 1."""

    line: int
    column: int


@value
class Scalar:
    """A text; `quoted` if it was written in quotes or as a block."""

    text: str
    quoted: bool
    place: Place


@value
class Sequence:
    items: tuple[Node, ...]
    place: Place
    weight: int


@value
class Mapping:
    """Keys in order. A key that is there twice is a mistake for whoever reads the mapping."""

    pairs: tuple[tuple[Scalar, Node], ...]
    place: Place
    weight: int


Node = Scalar | Sequence | Mapping


@value
class _Open:
    """A sequence or mapping whose end has not come yet."""

    mapping: bool
    anchor: str
    place: Place
    children: list[Node]


def parse_tree(name: str, content: bytes) -> Mapping:
    """The one document of a policy file.

    Raises:
        PolicyFileError: too large, no YAML, a tag, an unknown alias, too deep, too many nodes,
            not a mapping, or more than one document.
    """
    if len(content) > MAX_BYTES:
        raise PolicyFileError(
            f"{name}:1:1: the file has {len(content)} bytes, a policy has at most {MAX_BYTES}",
            do="Check that this is the right file.",
        )
    _check_readable(name, content)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may come without libyaml
    try:
        root = _Builder(name).build(yaml.parse(content, Loader=loader))
    except yaml.reader.ReaderError as cause:
        line, column = _position(content, cause.position)
        raise _refused(name, Place(line, column), f"not text: {cause.reason}") from cause
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        raise _refused(name, place, f"not YAML: {cause.problem or cause.context}") from cause
    if not isinstance(root, Mapping):
        place = root.place if root is not None else Place(1, 1)
        raise _refused(name, place, "a policy is a mapping that begins with apiVersion")
    return root


def _check_readable(name: str, content: bytes) -> None:
    """What a reviewer sees is what is read: one line break, one direction (CVE-2021-42574)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line, column = _position(content, cause.start)
        raise _refused(name, Place(line, column), "not text in UTF-8") from cause
    if found := _UNSEEN.search(text):
        line, column = _position(content, len(text[: found.start()].encode()))
        what = f"U+{ord(found[0][0]):04X} hides or turns what follows; write it as an escape"
        raise _refused(name, Place(line, column), what)


class _Builder:
    """Turns events into nodes with a stack of its own: depth costs no recursion."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._nodes = 0
        self._root: Node | None = None

    def build(self, events: Iterator[yaml.Event]) -> Node | None:
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(_place(event), "a second document; a file holds one policy")
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.ScalarEvent):
                self._check(event)
                quoted = bool(event.style)  # libyaml says "" for plain, the pure parser None
                self._add(Scalar(event.value, quoted, _place(event)), event.anchor or "")
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
        return self._root

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        self._check(event)
        if len(self._open) >= MAX_DEPTH:
            self._refuse(_place(event), f"nested deeper than {MAX_DEPTH} levels")
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(mapping, event.anchor or "", _place(event), []))

    def _end(self) -> None:
        closed = self._open.pop()
        weight = 1 + sum(_weight(child) for child in closed.children)
        if not closed.mapping:
            self._add(Sequence(tuple(closed.children), closed.place, weight), closed.anchor)
            return
        pairs = []
        for key, held in zip(closed.children[::2], closed.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._refuse(key.place, "a key has to be a word")
            pairs.append((key, held))
        self._add(Mapping(tuple(pairs), closed.place, weight), closed.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        # An anchor is known once its node has ended, so that nothing can contain itself.
        node = self._anchors.get(event.anchor or "")
        if node is None:
            self._refuse(_place(event), f'unknown alias "*{event.anchor}"')
        self._nodes += _weight(node)
        self._add(node, "")

    def _add(self, node: Node, anchor: str) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._refuse(node.place, f"more than {MAX_NODES} values, aliases counted in full")
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node

    def _check(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self._refuse(_place(event), f'tags are not allowed: "{event.tag}"')

    def _refuse(self, place: Place, what: str) -> NoReturn:
        raise _refused(self._name, place, what)


def _weight(node: Node) -> int:
    return 1 if isinstance(node, Scalar) else node.weight


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)


def _refused(name: str, place: Place, what: str) -> PolicyFileError:
    return PolicyFileError(
        f"{name}:{place.line}:{place.column}: {plain(what)}",
        do="Correct the file; docs/policy.md describes the language.",
    )


def _position(content: bytes, offset: int) -> tuple[int, int]:
    before = content[: max(offset, 0)]
    return before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
