"""SPDX 3.0: accepted by the project's own bindings, which check types, values and cardinality."""

from __future__ import annotations

import io
import json

import pytest
from bills import AUTHOR, full_facts, hostile_facts
from scanning import NOW
from spdx_python_model.bindings import v3_0_1 as spdx

from secure.facts.image import ImageFacts
from secure.report.spdx3 import render


def read(facts: ImageFacts) -> spdx.SHACLObjectSet:
    found = spdx.SHACLObjectSet()
    made = render(facts, timestamp=NOW, author=AUTHOR)
    spdx.JSONLDDeserializer().read(io.BytesIO(made), found)
    return found


@pytest.mark.parametrize("facts", [full_facts(), hostile_facts()], ids=["full", "hostile"])
def test_the_bindings_read_it_and_every_link_leads_somewhere(facts: ImageFacts) -> None:
    found = read(facts)
    assert found.link() == set()
    assert len(list(found.foreach_type(spdx.software_Package))) == len(facts.packages) + 2


def test_the_bindings_refuse_what_is_wrong() -> None:
    wrong = render(full_facts(), timestamp=NOW).replace(b'"container"', b'"no such purpose"')
    with pytest.raises(ValueError, match="no such purpose"):
        spdx.JSONLDDeserializer().read(io.BytesIO(wrong), spdx.SHACLObjectSet())


def test_a_package_is_told_with_its_graph_and_licence() -> None:
    found = read(full_facts())
    found.link()
    names = {
        (one.from_.name, str(one.relationshipType).rpartition("/")[2], to.name or "")
        for one in found.foreach_type(spdx.Relationship)
        for to in one.to
        if isinstance(to, spdx.software_Package) and isinstance(one.from_, spdx.Element)
    }
    assert ("curl", "dependsOn", "libc6") in names
    assert ("registry.example/app:1.0", "contains", "debian") in names
    curl = next(one for one in found.foreach_type(spdx.software_Package) if one.name == "curl")
    assert isinstance(curl.suppliedBy, spdx.Agent)
    assert curl.suppliedBy.name == "Curl People"
    assert curl.software_packageUrl == full_facts().packages[0].purl
    found_hashes = [one for one in curl.verifiedUsing if isinstance(one, spdx.Hash)]
    assert {str(one.algorithm).rpartition("/")[2] for one in found_hashes} == {"sha256", "sha512"}
    extension = curl.extension[0]
    assert isinstance(extension, spdx.extension_CdxPropertiesExtension)
    told = {
        one.extension_cdxPropName: one.extension_cdxPropValue
        for one in extension.extension_cdxProperty
        if isinstance(one, spdx.extension_CdxPropertyEntry)
    }
    assert told["secure:modularity"] == "curl:8:1"
    assert told["secure:licence:found"] == "MIT"


def test_the_same_facts_give_the_same_bytes() -> None:
    assert render(full_facts(), timestamp=NOW) == render(full_facts(), timestamp=NOW)
    other = json.loads(render(full_facts(), timestamp=NOW, author=AUTHOR))
    assert other != json.loads(render(full_facts(), timestamp=NOW))
