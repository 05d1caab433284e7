"""The graph of an SPDX 3.0 document: elements, relationships, and their small parts."""

from __future__ import annotations

from secure.report.hash_names import known_hashes
from secure.report.spdx_terms import identifier

Json = dict[str, object]

TERMS = "https://spdx.org/rdf/3.0.1/terms"
CREATION = "_:creation"


class Graph:
    """Elements in the order they are added, each once.

    Args:
        base: the document's own IRI; every element's is below it.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.elements: dict[str, Json] = {}

    def id_of(self, name: str) -> str:
        """The IRI of the element that is called `name` in this document."""
        return f"{self.base}#{name}"

    def add(self, kind: str, name: str, fields: Json) -> str:
        """Add an element unless it is there; answers its IRI."""
        spdx_id = self.id_of(name)
        if spdx_id not in self.elements:
            head: Json = {"type": kind, "spdxId": spdx_id, "creationInfo": CREATION}
            self.elements[spdx_id] = head | fields
        return spdx_id

    def relate(self, left: str, kind: str, right: list[str], completeness: str = "") -> None:
        """Add a relationship, if it leads anywhere."""
        if right:
            fields: Json = {"from": left, "relationshipType": kind, "to": right}
            if completeness:
                fields["completeness"] = completeness
            self.add("Relationship", f"relationship-{len(self.elements)}", fields)

    def agent(self, kind: str, text: str, name: str, found: Json) -> str:
        """Someone: one element, however often they are named."""
        return self.add(kind, f"agent-{identifier(text)}", {"name": name} | found)


def identifiers(*pairs: tuple[str, str]) -> Json:
    """`externalIdentifier` of (type, text), without the empty ones."""
    made = [
        {"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": text}
        for kind, text in pairs
        if text
    ]
    return {"externalIdentifier": made} if made else {}


def package_url(text: str, cpe: str = "") -> Json:
    """A purl, as the property and as an identifier: readers look at either. And a CPE."""
    purl: Json = {"software_packageUrl": text} if text else {}
    return purl | identifiers(("packageUrl", text), ("cpe23", cpe))


def hashes(pairs: tuple[tuple[str, str], ...]) -> Json:
    """`verifiedUsing` of (algorithm, hex)."""
    made = [
        {"type": "Hash", "algorithm": name.spdx3, "hashValue": digits}
        for name, digits in known_hashes(pairs)
    ]
    return {"verifiedUsing": made} if made else {}


def extension(pairs: list[tuple[str, str]]) -> Json:
    """What has no place in the model: the CycloneDX properties extension, part of the standard."""
    entries = [
        {
            "type": "extension_CdxPropertyEntry",
            "extension_cdxPropName": name,
            "extension_cdxPropValue": text,
        }
        for name, text in pairs
    ]
    made = {"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": entries}
    return {"extension": [made]} if entries else {}
