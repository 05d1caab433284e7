"""XML of strangers as a small tree: no document type, so no entity, and nothing is fetched.

A document type is refused before expat reads a declaration in it: that ends entity expansion
("billion laughs", CVE-2003-1564), external entities (XXE) and attribute defaults at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

import msgspec

from secure.errors import DocumentError, LimitExceededError
from secure.oci.limits import MIB
from secure.scan.formats.tree import shown

MAX_BYTES = 4 * MIB  # the largest poms have 300 KiB
_MAX_ELEMENTS = 100_000
_MAX_DEPTH = 64
_LONGEST_TEXT = (
    8_192  # characters; names and versions are short, and adding to a long text copies it
)


class Element(msgspec.Struct):
    """One element: its name without prefix, the text directly in it, its children in order."""

    name: str
    text: str = ""
    children: list[Element] = []

    def child(self, *path: str) -> Element:
        """The first element at `path`; an empty one where there is none."""
        found = self
        for name in path:
            found = next(found.all(name), Element(name))
        return found

    def all(self, name: str) -> Iterator[Element]:
        """The children called `name`."""
        return (child for child in self.children if child.name == name)


def xml_tree(content: bytes) -> Element:
    """The root element.

    Raises:
        DocumentError: no XML, a document type, or nested too deep.
        LimitExceededError: over `MAX_BYTES`, or too many elements.
    """
    if len(content) > MAX_BYTES:
        raise LimitExceededError("xml bytes", f"{len(content)} bytes", f"{MAX_BYTES} bytes")
    tree = _Tree()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.add_text
    try:
        parser.Parse(content, True)
    # A declared encoding that expat does not know is looked for among Python's codecs, and those
    # may be out of reach of a worker that can't open files.
    except (expat.ExpatError, LookupError, ValueError, ImportError, OSError) as cause:
        raise DocumentError(f"is no XML: {shown(cause)}") from cause
    return tree.root


def _refuse_doctype(*_: object) -> None:
    raise DocumentError("declares a document type, which is not read: it could define entities")


class _Tree:
    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        self._elements = 0

    def start(self, name: str, _attributes: object) -> None:
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise LimitExceededError("xml elements", "one document", str(_MAX_ELEMENTS))
        if len(self._open) > _MAX_DEPTH:
            raise DocumentError(f"is nested deeper than {_MAX_DEPTH} levels")
        element = Element(name.rpartition(":")[2])
        if len(self._open) == 1:
            self.root = element
        else:
            self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def add_text(self, text: str) -> None:
        element = self._open[-1]
        if len(element.text) < _LONGEST_TEXT:
            element.text += text[:_LONGEST_TEXT]
