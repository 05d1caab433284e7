"""CycloneDX 1.6 and 1.7, JSON and XML: valid, and read back by the library as the same thing."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import msgspec
import pytest
from bills import AUTHOR, full_facts, hostile_facts
from cyclonedx.model.bom import Bom
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.validation.xml import XmlValidator
from scanning import NOW

from secure.facts.image import ImageFacts
from secure.report import cyclonedx, cyclonedx_xml
from secure.report.spdx_licences import licence_choice

VERSIONS = {"1.6": SchemaVersion.V1_6, "1.7": SchemaVersion.V1_7}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("facts", [full_facts(), hostile_facts()], ids=["full", "hostile"])
def test_json_is_valid_by_the_schema(version: str, facts: ImageFacts) -> None:
    made = cyclonedx.render(facts, timestamp=NOW, author=AUTHOR, version=version)
    assert JsonStrictValidator(VERSIONS[version]).validate_str(made.decode()) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("facts", [full_facts(), hostile_facts()], ids=["full", "hostile"])
def test_xml_is_valid_by_the_schema(version: str, facts: ImageFacts) -> None:
    made = cyclonedx_xml.render(facts, timestamp=NOW, author=AUTHOR, version=version)
    assert XmlValidator(VERSIONS[version]).validate_str(made.decode()) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_the_library_reads_the_same_from_xml_and_json(version: str) -> None:
    # The library refuses the mixture of expressions and names that 1.7 allows.
    packages = tuple(one for one in full_facts().packages if len(one.licences) < 2)
    facts = msgspec.structs.replace(full_facts(), packages=packages)
    raw = cyclonedx.render(facts, timestamp=NOW, author=AUTHOR, version=version)
    xml = cyclonedx_xml.render(facts, timestamp=NOW, author=AUTHOR, version=version)
    from_json = Bom.from_json(json.loads(raw))  # type: ignore[attr-defined]  # added by a decorator
    from_xml = Bom.from_xml(ET.fromstring(xml))  # type: ignore[attr-defined]  # noqa: S314
    again = [
        make_outputter(bom, OutputFormat.JSON, VERSIONS[version]).output_as_string(indent=1)
        for bom in (from_json, from_xml)
    ]
    assert again[0] == again[1]
    assert len(json.loads(again[0])["components"]) == len(packages) + 1


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_a_package_is_in_the_document(version: str) -> None:
    made = json.loads(cyclonedx.render(full_facts(), timestamp=NOW, version=version))
    curl = next(one for one in made["components"] if one["name"] == "curl")
    told = {one["name"]: one["value"] for one in curl["properties"]}
    assert told["secure:epoch"] == "1"
    assert told["secure:modularity"] == "curl:8:1"
    assert told["secure:essential"] == "true"
    assert told["secure:fromBase"] == "false"
    assert told["secure:owner"] == "pkg:deb/debian/owner@1"
    assert curl["externalReferences"] == [{"url": "https://curl.se/", "type": "website"}]
    assert [one["alg"] for one in curl["hashes"]] == ["SHA-256", "SHA-512"]
    assert curl["evidence"]["licenses"] == [{"expression": "MIT"}]


def test_only_the_newer_version_mixes_expressions_and_names() -> None:
    both = ("MIT OR Apache-2.0", "of mine")
    assert licence_choice(both) == [
        {"license": {"name": "MIT OR Apache-2.0"}},
        {"license": {"name": "of mine"}},
    ]
    assert licence_choice(both, mixed=True) == [
        {"expression": "MIT OR Apache-2.0"},
        {"license": {"name": "of mine"}},
    ]
