"""CycloneDX XML to the same fields as JSON. Source: cyclonedx.org, "bom-1.6.xsd".

By expat, which ships with Python and resolves nothing by itself. A document type declaration is
refused where it begins: entities that multiply, or name files, are only possible behind one.
"""

from __future__ import annotations

from xml.parsers import expat

from secure.errors import DocumentError, LimitExceededError
from secure.oci.limits import Limits

Json = dict[str, object]

# Elements that hold one element per item; JSON has a list there.
_LISTS = frozenset({
    "components", "dependencies", "compositions", "hashes", "licenses", "externalReferences",
    "properties", "occurrences", "lifecycles", "authors", "assemblies", "vulnerabilities",
    "services",
})  # fmt: skip
_NAMESPACE = "http://cyclonedx.org/schema/bom/"


class _Node:
    """One element while it is being read."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[tuple[str, object]] = []
        self.text: list[str] = []


def xml_fields(raw: bytes, where: str, limits: Limits) -> Json:
    """The document with the keys of the JSON form.

    Raises:
        DocumentError: not XML, with a document type declaration, or not CycloneDX.
        LimitExceededError: nested too deeply, or too large.
    """
    if len(raw) > limits.sbom_bytes:
        raise LimitExceededError("sbom_bytes", where, f"{limits.sbom_bytes} bytes")
    reader = _Reader(where, limits)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as cause:
        raise DocumentError(f"{where}: not well-formed XML: {cause}") from cause
    return reader.made


class _Reader:
    def __init__(self, where: str, limits: Limits) -> None:
        self.where, self.limits = where, limits
        self.made: Json = {}
        self.open: list[_Node] = []
        self.count = 0

    def doctype(self, *_: object) -> None:
        raise DocumentError(f"{self.where}: an SBOM with a document type declaration is not read")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if not self.open and (tag != "bom" or not space.startswith(_NAMESPACE)):
            raise DocumentError(f'{self.where}: not CycloneDX: it begins with "{name[:80]}"')
        if len(self.open) >= self.limits.json_depth:
            raise LimitExceededError("json_depth", self.where, f"{self.limits.json_depth} levels")
        self.count += 1 + len(attributes)
        if self.count > self.limits.sbom_values:
            bound = f"{self.limits.sbom_values} values"
            raise LimitExceededError("sbom_values", self.where, bound)
        node = _Node(tag, attributes)
        if not self.open:
            node.children.append(("specVersion", space.removeprefix(_NAMESPACE)))
        self.open.append(node)

    def text(self, text: str) -> None:
        if self.open:
            self.open[-1].text.append(text)

    def end(self, _: str) -> None:
        node = self.open.pop()
        parent = self.open[-1] if self.open else None
        found = _value(node, parent.tag if parent else "")
        if parent is not None:
            parent.children.append((node.tag, found))
        elif isinstance(found, dict):
            self.made = found


def _value(node: _Node, inside: str) -> object:
    """What JSON has in the place of an element inside an element `inside`."""
    if special := _SPECIAL.get((inside, node.tag)):
        return special(node)
    if node.tag in _LISTS:
        return [found for _, found in node.children]
    return _object(node) if node.children or node.attributes else _text(node)


def _text(node: _Node) -> str:
    return "".join(node.text).strip()


def _ref(node: _Node) -> str:
    return node.attributes.get("ref", "")


def _hash(node: _Node) -> object:
    return {"alg": node.attributes.get("alg", ""), "content": _text(node)}


def _property(node: _Node) -> object:
    return {"name": node.attributes.get("name", ""), "value": _text(node)}


def _dependency(node: _Node) -> object:
    return {"ref": _ref(node), "dependsOn": [found for tag, found in node.children
                                             if tag == "dependency"]}  # fmt: skip


def _refs_only(node: _Node) -> object:
    return [found["ref"] for _, found in node.children if isinstance(found, dict)]


def _tools(node: _Node) -> object:
    """A list until 1.4, afterwards an object with components."""
    old = [found for tag, found in node.children if tag == "tool"]
    return old or _object(node)


_SPECIAL = {
    ("dependencies", "dependency"): _dependency,
    ("dependency", "dependency"): _ref,
    ("composition", "dependencies"): _refs_only,
    ("assemblies", "assembly"): _ref,
    ("hashes", "hash"): _hash,
    ("properties", "property"): _property,
    ("licenses", "license"): lambda node: {"license": _object(node)},
    ("licenses", "expression"): lambda node: {"expression": _text(node)},
    ("metadata", "tools"): _tools,
}


def _object(node: _Node) -> Json:
    made: Json = dict(node.attributes)
    for tag, found in node.children:
        if tag in {"url", "contact"} and node.tag in {"supplier", "manufacturer", "manufacture"}:
            several = made.setdefault(tag, [])
            if isinstance(several, list):
                several.append(found)
        else:
            made[tag] = found
    return made
