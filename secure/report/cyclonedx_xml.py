"""CycloneDX 1.6 and 1.7 XML: the JSON document in the order that the XML schema asks for.

Source: cyclonedx.org, "bom-1.6.xsd". Names are those of JSON; lists become an element with one
element per item, and what the schema makes an attribute becomes one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import ImageFacts
from secure.report.bill import Author, bill_of
from secure.report.cyclonedx import Json, document

_ATTRIBUTES = ("type", "bom-ref", "acknowledgement")
# XML has sequences where JSON has objects: the order of xs:sequence.
_ORDER = {
    "bom": ("metadata", "components", "dependencies", "compositions"),
    "metadata": (
        "timestamp", "lifecycles", "tools", "authors", "component", "manufacturer", "properties",
    ),
    "component": (
        "supplier", "group", "name", "version", "description", "hashes", "licenses", "cpe", "purl",
        "externalReferences", "properties", "evidence",
    ),
    "evidence": ("occurrences", "licenses"),
}  # fmt: skip
_ITEM = {
    "components": "component", "lifecycles": "lifecycle", "authors": "author", "hashes": "hash",
    "externalReferences": "reference", "properties": "property", "occurrences": "occurrence",
    "compositions": "composition", "assemblies": "assembly",
}  # fmt: skip
# XML 1.0 has no way at all to write these (section 2.2), and normalizedString no line breaks.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(
    facts: ImageFacts, *, timestamp: str, author: Author | None = None, version: str = "1.6"
) -> bytes:
    """The SBOM of an image: the same facts, timestamp and author give the same bytes."""
    made = document(bill_of(facts, timestamp, author), version)
    head = (
        f'<bom xmlns="http://cyclonedx.org/schema/bom/{version}" '
        f'serialNumber="{made["serialNumber"]}" version="1">'
    )
    body = "\n".join(_object("bom", made))
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{body}\n</bom>\n'
    return text.encode("utf-8", "backslashreplace")


def _object(kind: str, made: Json) -> Iterator[str]:
    for key in _ORDER.get(kind, tuple(made)):
        if key in made and key not in _ATTRIBUTES:
            yield from _element(kind, key, made[key])


def _element(parent: str, key: str, value: object) -> Iterator[str]:
    match value, key:
        case list(), "dependencies" if parent == "bom":
            yield from _wrapped(key, [line for one in value for line in _dependency(one)])
        case list(), "dependencies" | "assemblies":  # of a composition
            name = "dependency" if key == "dependencies" else "assembly"
            yield from _wrapped(key, [f"<{name} ref={_quoted(ref)}/>" for ref in value])
        case list(), "licenses":
            yield from _wrapped(key, [line for one in value for line in _licence(one)])
        case list(), "url":
            yield from (f"<url>{_text(one)}</url>" for one in value)
        case list(), "contact":
            yield from (line for one in value for line in _item(key, one))
        case list(), _:
            yield from _wrapped(key, [line for one in value for line in _item(_ITEM[key], one)])
        case dict(), _:
            yield from _item(key, value)
        case _:
            yield f"<{key}>{_text(value)}</{key}>"


def _item(name: str, made: Json) -> Iterator[str]:
    if name == "hash":
        yield f"<hash alg={_quoted(made['alg'])}>{_text(made['content'])}</hash>"
        return
    if name == "property":
        yield f"<property name={_quoted(made['name'])}>{_text(made['value'])}</property>"
        return
    attributes = "".join(f" {key}={_quoted(made[key])}" for key in _ATTRIBUTES if key in made)
    yield f"<{name}{attributes}>"
    yield from _object(name, made)
    yield f"</{name}>"


def _licence(made: Json) -> Iterator[str]:
    if "expression" in made:
        word = f" acknowledgement={_quoted(one)}" if (one := made.get("acknowledgement")) else ""
        yield f"<expression{word}>{_text(made['expression'])}</expression>"
    else:
        yield from _element("licenses", "license", made["license"])


def _dependency(made: Json) -> Iterator[str]:
    needs = made.get("dependsOn", ())
    if not isinstance(needs, tuple) or not needs:
        yield f"<dependency ref={_quoted(made['ref'])}/>"
        return
    yield f"<dependency ref={_quoted(made['ref'])}>"
    yield from (f"<dependency ref={_quoted(ref)}/>" for ref in needs)
    yield "</dependency>"


def _wrapped(name: str, lines: list[str]) -> Iterator[str]:
    yield f"<{name}>"
    yield from lines
    yield f"</{name}>"


def _text(value: object) -> str:
    # Not by xml.sax: it imports urllib, 20 ms.
    return _possible(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(value: object) -> str:
    text = _text(value).replace('"', "&quot;")
    # Attributes are normalised (XML 1.0, 3.3.3): a line break would be read as a blank.
    return '"' + text.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;") + '"'


def _possible(value: object) -> str:
    # Shown as \xNN, as everywhere, instead of being dropped: two names must not become one.
    return _NO_CHARACTER.sub(lambda found: f"\\x{ord(found[0]):02x}", str(value))
