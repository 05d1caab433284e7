"""XML of strangers as small trees, in bounded memory: no document type, so no entity.

By expat, which resolves nothing by itself. A document type is refused where it begins: entities
that multiply ("billion laughs", CVE-2003-1564) or name files (XXE), and attribute defaults, are
only possible behind one. A token that does not end is refused too, as expat would keep it whole and
read it again with each piece (CVE-2023-52425).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

import msgspec

from secure.errors import DocumentError, LimitExceededError

_MAX_TOKEN_BYTES = 1024 * 1024  # of one tag or comment; text comes in pieces of its own
_MAX_DEPTH = 64
# Of one tree, attributes included; an update of a whole distribution's has some 20,000.
_MAX_ELEMENTS = 200_000
_MOST_CHARS = 64 * 1024  # of the text in one element; the rest is left out
_MOST_PIECES = 64  # of a text; expat gives some 8 KiB at once
_PIECE = 64 * 1024
_NO_ATTRIBUTES: dict[str, str] = {}


class Element(msgspec.Struct):
    """One element: its name without prefix, the text directly in it, its children in order."""

    name: str
    attributes: dict[str, str] = {}
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


def xml_tree(content: bytes, max_bytes: int) -> Element:
    """The root element of a whole document.

    Raises:
        DocumentError: no whole XML, a document type, or nested too deep.
        LimitExceededError: over `max_bytes`, or a tag or the tree is too large.
    """
    if len(content) > max_bytes:
        raise LimitExceededError("xml bytes", f"{len(content)} bytes", f"{max_bytes} bytes")
    (root,) = xml_records(iter((content,)))
    return root


def xml_records(pieces: Iterator[bytes], names: frozenset[str] | None = None) -> Iterator[Element]:
    """Every outermost element with one of `names`; of any name, that is the root.

    Raises:
        DocumentError: no whole XML, a document type, or nested too deep.
        LimitExceededError: a tag or a record is too large.
    """
    reader = _Reader(names)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.add_text
    fed = 0
    try:
        for piece in pieces:
            for at in range(0, len(piece), _PIECE):
                part = piece[at : at + _PIECE]
                parser.Parse(part, False)
                fed += len(part)
                if fed - max(parser.CurrentByteIndex, 0) > _MAX_TOKEN_BYTES:
                    bound = f"{_MAX_TOKEN_BYTES} bytes"
                    raise LimitExceededError("xml token", "a tag or comment", bound)
                yield from reader.taken()
        parser.Parse(b"", True)
    # A declared encoding that expat does not know is looked for among Python's codecs, and those
    # may be out of reach of a worker that can't open files. No message has text of the document but
    # that name, and expat lets letters, digits and ._- be in it.
    except (expat.ExpatError, LookupError, ValueError, ImportError, OSError) as cause:
        raise DocumentError(f"is no whole XML: {str(cause)[:200]}") from cause
    yield from reader.taken()


def _refuse_doctype(*_: object) -> None:
    raise DocumentError("declares a document type, which is not read: it could define entities")


class _Reader:
    """The elements that are open, and the records that are complete."""

    def __init__(self, names: frozenset[str] | None) -> None:
        self._names = names
        self._depth = self._elements = 0
        self._open: list[Element] = []
        self._texts: list[list[str]] = []  # of the open ones, in pieces
        self._done: list[Element] = []

    def taken(self) -> list[Element]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise DocumentError(f"is nested deeper than {_MAX_DEPTH} levels")
        name = name.rpartition(":")[2]
        if not self._open:
            if self._names is not None and name not in self._names:
                return
            self._elements = 0
        self._elements += 1 + len(attributes)
        if self._elements > _MAX_ELEMENTS:
            raise LimitExceededError("xml elements", "one record", str(_MAX_ELEMENTS))
        made = Element(name, attributes or _NO_ATTRIBUTES)
        if self._open:
            self._open[-1].children.append(made)
        self._open.append(made)
        self._texts.append([])

    def end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            found = self._open.pop()
            if pieces := self._texts.pop():
                found.text = "".join(pieces)[:_MOST_CHARS]
            if not self._open:
                self._done.append(found)

    def add_text(self, text: str) -> None:
        if self._open:
            pieces = self._texts[-1]
            pieces.append(text)
            # Joined now and then: adding each to a string copies it, and small ones are large.
            if len(pieces) > _MOST_PIECES:
                pieces[:] = ["".join(pieces)[:_MOST_CHARS]]
