"""What is missing in an SBOM is named: the element, the standard that wants it, the component."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import msgspec
import pytest
from bills import AUTHOR, full_facts, package
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from scanning import NOW, layer, scanned

from secure.facts.bom import Bom
from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.images.write import NewFile
from secure.report import cyclonedx
from secure.report.bill import Author, parse_author
from secure.report.sbom_elements import BSI, CISA, NTIA, STANDARDS
from secure.report.sbom_quality import Found, Quality, quality_json, quality_of, quality_table
from secure.scan.sbom_in.read import read_bom

WHOLE = package(
    "generic",
    "node",
    "22.1.0",
    maintainer="Node <node@example.org>",
    licences=("MIT",),
    hashes=(("sha512", "ab" * 64),),
    location=Location("usr/bin/node", 0),
    found_by="binary-classifier",
)


def bom_of(facts: ImageFacts, author: Author | None = AUTHOR) -> Bom:
    return read_bom(cyclonedx.render(facts, timestamp=NOW, author=author), "the SBOM")


def only(*packages: msgspec.Struct) -> ImageFacts:
    return msgspec.structs.replace(full_facts(), packages=packages)


def element(found: Quality, name: str) -> Found:
    return next(one for one in found.elements if one.element == name)


def test_a_document_with_everything_meets_all_but_what_no_image_tells() -> None:
    known = msgspec.structs.replace(WHOLE, type="deb", namespace="debian")
    found = quality_of(bom_of(only(known)))
    assert {standard: found.meets(standard) for standard in STANDARDS} == {
        NTIA: True,
        CISA: True,
        BSI: True,
    }


@pytest.mark.parametrize(
    ("field", "empty", "missing"),
    [
        ("maintainer", "", {"producer", "producer-contact"}),
        ("licences", (), {"licence", "spdx-licence"}),
        ("licences", ("of mine",), {"spdx-licence"}),
        ("hashes", (), {"hash", "sha-512"}),
        ("hashes", (("sha256", "ab" * 32),), {"sha-512"}),
        ("version", "", {"version"}),
        ("found_by", "dpkg-db", {"filename", "executable", "archive", "structured"}),
    ],
)
def test_what_a_component_lacks_is_named(field: str, empty: object, missing: set[str]) -> None:
    changes: dict[str, object] = {"type": "deb", "namespace": "debian", field: empty}
    if field == "version":
        changes["purl"] = "pkg:deb/debian/node"
    lacking = msgspec.structs.replace(WHOLE, **changes)
    found = quality_of(bom_of(only(lacking)))
    assert {one.element for one in found.elements if one.missing} == missing
    assert {one.missing for one in found.elements if one.missing} == {(lacking.purl,)}


def test_a_graph_that_is_not_known_is_missing() -> None:
    assert element(quality_of(bom_of(only(WHOLE))), "dependencies").missing == (WHOLE.purl,)


def test_without_an_author_nobody_answers() -> None:
    found = quality_of(bom_of(only(WHOLE), None))
    assert element(found, "author").has == 0
    assert element(found, "creator-contact").has == 0


def test_vulnerabilities_inside_and_an_old_form_are_told() -> None:
    raw = json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.5", "vulnerabilities": [{"id": "CVE-1"}]}
    )
    found = quality_of(read_bom(raw.encode(), "the SBOM"))
    assert element(found, "no-vulnerabilities").has == 0
    assert element(found, "form").has == 0
    assert not found.meets(BSI)


def test_table_and_json_say_the_same() -> None:
    found = quality_of(bom_of(full_facts()))
    told = json.loads(quality_json(found))
    assert told["meets"] == {"ntia": False, "cisa": False, "bsi": False}
    table = quality_table(found)
    for one in told["elements"]:
        assert one["element"] in table
        assert f"{one['has']} of {one['of']}" in " ".join(table.split())


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Jane <j@example.com>", Author("Jane", email="j@example.com")),
        ("j@example.com", Author("j@example.com", email="j@example.com")),
        ("Acme <https://acme.example>", Author("Acme", url="https://acme.example")),
        ("Acme", Author("Acme")),
    ],
)
def test_an_author_is_a_name_with_an_address(text: str, author: Author) -> None:
    assert parse_author(text) == author
    made = cyclonedx.render(full_facts(), timestamp=NOW, author=author)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made.decode()) is None
    assert bom_of(full_facts(), author).authors


def test_a_wheel_has_all_that_bsi_asks_of_a_file(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr("a-1.dist-info/METADATA", "Name: a\nVersion: 1\nLicense: MIT\n\n")
    path = "srv/a-1-py3-none-any.whl"
    facts = scanned(tmp_path, [layer(NewFile(path.encode(), content.getvalue()))])
    quality = quality_of(bom_of(facts))
    of_a_file = {"sha-512", "filename", "executable", "archive", "structured", "spdx-licence"}
    found = {one.element: one.has for one in quality.elements if one.element in of_a_file}
    assert found == dict.fromkeys(of_a_file, 1)
