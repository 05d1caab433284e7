"""YAML of strangers as a plain tree (see `tree`): scalars stay text, so 1.10 is not 1.1.

Built from libyaml's events without recursion. An alias counts as often as it is used, so a few
lines can't become a billion values. Tags are ignored: nothing here makes an object.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from secure.errors import DocumentError, LimitExceededError
from secure.oci.limits import MIB
from secure.scan.formats.tree import shown

MAX_BYTES = 4 * MIB  # the largest lock files have 2 MiB
_MAX_NODES = 400_000
_MAX_DEPTH = 64


def yaml_tree(content: bytes) -> object:
    """The one document of a YAML text; "" where it is empty.

    Raises:
        DocumentError: more than one document; and as `yaml_trees`.
    """
    found = yaml_trees(content)
    if len(found) > 1:
        raise DocumentError("holds more than one YAML document")
    return found[0] if found else ""


def yaml_trees(content: bytes) -> list[object]:
    """All documents of a YAML text.

    Raises:
        DocumentError: no YAML, an unknown alias, or nested too deep.
        LimitExceededError: over `MAX_BYTES`, or too many values.
    """
    if len(content) > MAX_BYTES:
        raise LimitExceededError("yaml bytes", f"{len(content)} bytes", f"{MAX_BYTES} bytes")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may come without libyaml
    try:
        return _Tree().build(yaml.parse(content, Loader=loader))
    except (yaml.YAMLError, ValueError, RecursionError) as cause:
        raise DocumentError(f"is no YAML: {shown(cause)}") from cause


class _Open:
    """A list or mapping whose end has not come yet; `weight` counts the values below."""

    __slots__ = ("anchor", "children", "is_mapping", "weight")

    def __init__(self, anchor: str, *, is_mapping: bool) -> None:
        self.anchor, self.is_mapping = anchor, is_mapping
        self.children: list[object] = []
        self.weight = 1


class _Tree:
    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[object, int]] = {}
        self._nodes = 0
        self._roots: list[object] = []

    def build(self, events: Iterator[yaml.Event]) -> list[object]:
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._add(event.value, 1, event.anchor)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._start(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = self._open.pop()
                self._add(_closed(closed), closed.weight, closed.anchor)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event.anchor or "")
            elif isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()  # each document has its own
        return self._roots

    def _start(self, event: yaml.CollectionStartEvent) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise DocumentError(f"is nested deeper than {_MAX_DEPTH} levels")
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(event.anchor or "", is_mapping=is_mapping))

    def _alias(self, anchor: str) -> None:
        # An anchor is known once its node has ended, so that nothing can contain itself.
        if anchor not in self._anchors:
            raise DocumentError(f'has an unknown alias "{shown(ValueError(anchor))}"')
        node, weight = self._anchors[anchor]
        self._nodes += weight
        self._add(node, weight, None)

    def _add(self, node: object, weight: int, anchor: str | None) -> None:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise LimitExceededError("yaml values", "aliases counted in full", f"{_MAX_NODES}")
        if anchor:
            self._anchors[anchor] = (node, weight)
        if self._open:
            self._open[-1].children.append(node)
            self._open[-1].weight += weight
        else:
            self._roots.append(node)


def _closed(done: _Open) -> object:
    if not done.is_mapping:
        return done.children
    pairs = zip(done.children[::2], done.children[1::2], strict=True)
    return {key: value for key, value in pairs if isinstance(key, str)}
