"""SPDX 3.0 with elements inside other elements, put side by side as the other form has them.

JSON-LD and the schema of SPDX 3.0 let an element stand wherever its identifier could, and let one
element stand alone without `@graph`.

Source: spdx.github.io/spdx-spec/v3.0.1, "Serialization"; JSON-LD 1.1, "Embedding".
"""

from __future__ import annotations

import re

import msgspec

_INSIDE = re.compile(rb'"creationInfo"\s*:\s*\{')
_ID = b'"spdxId"'

Json = dict[str, object]


def is_flat(graph: bytes) -> bool:
    """Whether no element of `@graph` holds another."""
    if _INSIDE.search(graph):
        return False
    try:
        elements = msgspec.json.decode(graph, type=list[msgspec.Raw])
    except msgspec.MsgspecError:
        return True  # no list: whoever reads it says so
    return all(bytes(one).count(_ID) <= 1 for one in elements)


def flattened(document: Json) -> Json:
    """The document with every element in `@graph`, and its identifier where it was."""
    graph = _Graph()
    top = document.get("@graph")
    if isinstance(top, list):
        for one in top:
            if isinstance(one, dict):
                graph.add(one)
    else:
        graph.add({key: value for key, value in document.items() if key != "@context"})
    return {"@context": document.get("@context", ""), "@graph": graph.elements}


class _Graph:
    """The elements so far. The depth of what is added was bounded before it was decoded."""

    def __init__(self) -> None:
        self.elements: list[Json] = []
        self._known: dict[str, Json] = {}
        self._unnamed = 0

    def add(self, element: Json) -> str:
        """Keep an element once, however often it is written out; its identifier."""
        made = {key: self._placed(value) for key, value in element.items()}
        ref = made.get("spdxId") or made.get("@id")
        if not isinstance(ref, str):
            self._unnamed += 1
            ref = made["@id"] = f"_:inside-{self._unnamed}"
        if self._known.get(ref) != made:
            self._known.setdefault(ref, made)
            self.elements.append(made)
        return ref

    def _placed(self, value: object) -> object:
        if isinstance(value, list):
            return [self._placed(one) for one in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("spdxId"), str) or value.get("type") == "CreationInfo":
            return self.add(value)
        return {key: self._placed(one) for key, one in value.items()}
