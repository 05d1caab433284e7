"""SPDX 3.0 with elements inside elements says what the same elements side by side say."""

from __future__ import annotations

import io
import json

import pytest
from bills import AUTHOR, full_facts
from hypothesis import given
from hypothesis import strategies as st
from scanning import NOW
from spdx_python_model.bindings import v3_0_1 as spdx

from secure.errors import InputError
from secure.facts.bom import Bom
from secure.report import spdx3
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom

Json = dict[str, object]
FLAT: Json = json.loads(spdx3.render(full_facts(), timestamp=NOW, author=AUTHOR))


def name_of(one: Json) -> str:
    return str(one.get("spdxId") or one["@id"])


GRAPH: list[Json] = FLAT["@graph"]  # type: ignore[assignment]  # as we write it
BY_ID = {name_of(one): one for one in GRAPH}


def inside(one: Json, written: set[str]) -> Json:
    """`one` with every other element written out where it is named first."""
    written.add(name_of(one))

    def placed(value: object) -> object:
        if isinstance(value, list):
            return [placed(item) for item in value]
        if isinstance(value, str) and value in BY_ID and value not in written:
            return inside(BY_ID[value], written)
        return value

    return {key: item if key in {"spdxId", "@id"} else placed(item) for key, item in one.items()}


def nested() -> Json:
    """The document as one object: all other elements are within it."""
    top = next(one for one in BY_ID.values() if one["type"] == "SpdxDocument")
    written: set[str] = set()
    made = inside(top, written)
    assert written == set(BY_ID)
    return {"@context": FLAT["@context"], **made}


def read(document: object) -> Bom:
    return read_bom(json.dumps(document).encode(), "the SBOM")


def told(bom: Bom) -> object:
    components = sorted(
        (one.ref, str(one.package), sorted(one.needs or ())) for one in bom.components
    )
    return components, bom.subject, bom.authors, bom.tools, bom.created, bom.form, bom.complete


@pytest.mark.parametrize("graph", [False, True], ids=["alone", "in a graph"])
def test_one_object_with_all_elements_inside_says_the_same(graph: bool) -> None:
    made = nested()
    context = made.pop("@context")
    document = {"@context": context, "@graph": [made]} if graph else {"@context": context, **made}
    assert told(read(document)) == told(read(FLAT))
    assert len(read(document).components) == len(full_facts().packages)


def test_the_official_library_takes_the_nested_form_for_the_same_document() -> None:
    found = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(json.dumps(nested()).encode()), found)
    packages = list(found.foreach_type("software_Package", match_subclass=False))
    known = [one for one in BY_ID.values() if one["type"] == "software_Package"]
    assert len(packages) == len(known)


def test_an_element_that_is_written_out_in_several_places_is_one() -> None:
    creation = next(one for one in BY_ID.values() if one["type"] == "CreationInfo")
    graph = [
        {**one, "creationInfo": creation} if "creationInfo" in one else one
        for one in BY_ID.values()
        if one is not creation
    ]
    found = read({"@context": FLAT["@context"], "@graph": graph})
    assert told(found) == told(read(FLAT))


def test_an_element_with_two_contents_is_told() -> None:
    package = {"type": "software_Package", "spdxId": "urn:x", "name": "a"}
    holder = {"type": "software_Sbom", "spdxId": "urn:y", "element": [package | {"name": "b"}]}
    found = read({"@context": FLAT["@context"], "@graph": [package, holder]})
    assert [one.why for one in found.unreadable] == ['the spdxId "urn:x" is given twice']


@pytest.mark.parametrize(
    "document",
    [
        {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"},
        {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": {"spdxId": 1}},
        {"@graph": [{"spdxId": "a", "creationInfo": {"type": "CreationInfo", "created": 1}}]},
        {"@graph": [{"spdxId": "a", "name": {"spdxId": "b"}}, 1]},
    ],
)
def test_what_is_no_such_document_is_refused_or_incomplete(document: Json) -> None:
    try:
        found = read(document)
    except InputError:
        return
    assert found.components == ()
    assert not image_facts(found, "x", tool_version="0", now=NOW).complete


@given(st.data())
def test_a_damaged_nested_document_is_read_or_refused(data: st.DataObject) -> None:
    raw = json.dumps(nested()).encode()
    start = data.draw(st.integers(0, len(raw)))
    made = (
        raw[:start]
        + data.draw(st.binary(max_size=8))
        + raw[start + data.draw(st.integers(0, 40)) :]
    )
    try:
        read_bom(made, "the SBOM")
    except InputError:
        return
