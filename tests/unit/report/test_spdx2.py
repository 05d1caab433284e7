"""SPDX 2.3, JSON and tag-value: valid by the official tools, and read back as the same thing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bills import AUTHOR, full_facts, hostile_facts
from scanning import NOW
from spdx_tools.spdx.model.document import Document
from spdx_tools.spdx.model.relationship import RelationshipType
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from secure.facts.image import ImageFacts
from secure.report import spdx2, spdx_tag_value
from secure.report.spdx_terms import Licences

# The library's parser generator leaves a file open where it may not write beside itself.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TAG = re.compile(r"[A-Z][A-Za-z]+: \S")
WRITERS = {".spdx.json": spdx2.render, ".spdx": spdx_tag_value.render}
ENDINGS = pytest.mark.parametrize("ending", WRITERS)


def read(folder: Path, ending: str, facts: ImageFacts) -> Document:
    path = folder / f"bom{ending}"
    path.write_bytes(WRITERS[ending](facts, timestamp=NOW, author=AUTHOR))
    return parse_file(str(path))


@ENDINGS
@pytest.mark.parametrize("facts", [full_facts(), hostile_facts()], ids=["full", "hostile"])
def test_it_is_valid(tmp_path: Path, ending: str, facts: ImageFacts) -> None:
    found = validate_full_spdx_document(read(tmp_path, ending, facts))
    assert [one.validation_message for one in found] == []


@ENDINGS
def test_the_official_library_reads_what_was_meant(tmp_path: Path, ending: str) -> None:
    facts = full_facts()
    made = read(tmp_path, ending, facts)
    listed = {
        (one.name, one.version, one.external_references[0].locator)
        for one in made.packages
        if one.external_references and one.spdx_id != "SPDXRef-Image"
    }
    assert listed == {(one.name, one.version, one.purl) for one in facts.packages}
    curl = next(one for one in made.packages if one.name == "curl")
    assert str(curl.supplier) == "Person: Curl People (curl@example.org)"
    assert curl.source_info == "built package from: curl-source 8.14.1-1"
    assert {one.algorithm.name for one in curl.checksums} == {"SHA256", "SHA512"}
    told = next(one for one in made.annotations if one.spdx_id == curl.spdx_id)
    assert json.loads(told.annotation_comment)["secure:modularity"] == "curl:8:1"


@ENDINGS
def test_the_graph_is_told_with_what_is_not_known_of_it(tmp_path: Path, ending: str) -> None:
    made = read(tmp_path, ending, full_facts())
    names = {one.spdx_id: one.name for one in made.packages}
    needs = {
        (names[one.spdx_element_id], names.get(to, str(to)))
        for one in made.relationships
        if one.relationship_type == RelationshipType.DEPENDS_ON
        for to in [str(one.related_spdx_element_id)]
    }
    assert {("curl", "libc6"), ("libc6", "NONE"), ("commons-io", "NOASSERTION")} <= needs


def test_what_is_no_expression_becomes_a_reference_with_its_text() -> None:
    licences = Licences()
    made = licences.expression(("MIT or Apache-2.0", "of mine", "of mine"))
    ref = next(iter(licences.texts))
    assert made == f"(MIT OR Apache-2.0) AND {ref}"
    assert licences.texts == {ref: "of mine"}
    assert licences.expression(()) == ""


def test_a_value_cannot_begin_a_tag_of_its_own() -> None:
    lines = spdx_tag_value.render(hostile_facts(), timestamp=NOW).decode().split("\n")
    assert [line for line in lines if line and not TAG.match(line)] == []
    assert (
        sum(line.startswith("PackageName: ") for line in lines) == len(hostile_facts().packages) + 2
    )
