"""Law: whatever text an image holds, its SBOM is well-formed and names the same packages."""

from __future__ import annotations

import json

import msgspec
from bills import full_facts, package
from hypothesis import given
from hypothesis import strategies as st
from scanning import NOW

from secure.facts.image import ImageFacts
from secure.report import compact_json, cyclonedx, cyclonedx_xml, spdx2, spdx3, spdx_tag_value
from secure.report.bill import bill_of
from secure.scan.sbom_in.read import read_bom

# NUL is left out: a document with one is refused when it is read.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
PIECES = st.sampled_from(["<text>", "</text>", "\n", "]]>", '"', "&", "SPDXID: x", "\\", "\u2028"])
NAMES = st.lists(st.one_of(TEXT, PIECES), min_size=1, max_size=3).map("".join)


def facts(name: str, licence: str, maintainer: str) -> ImageFacts:
    one = package("generic", f"n{name}n", "1", licences=(licence,), maintainer=maintainer)
    return msgspec.structs.replace(full_facts(), packages=(one,))


@given(NAMES, NAMES, NAMES)
def test_json_forms_give_back_the_name(name: str, licence: str, maintainer: str) -> None:
    made = facts(name, licence, maintainer)
    for module in (cyclonedx, spdx2, spdx3, compact_json):
        (found,) = read_bom(module.render(made, timestamp=NOW), "the SBOM").components
        assert found.package.name == f"n{name}n"


@given(NAMES, NAMES, NAMES)
def test_xml_and_tag_value_stay_one_package(name: str, licence: str, maintainer: str) -> None:
    made = facts(name, licence, maintainer)
    for module in (cyclonedx_xml, spdx_tag_value):
        (found,) = read_bom(module.render(made, timestamp=NOW), "the SBOM").components
        assert found.package.purl == made.packages[0].purl


@given(st.lists(NAMES, max_size=8))
def test_references_are_unique_however_much_alike_packages_are(names: list[str]) -> None:
    packages = tuple(package("generic", name, "") for name in [*names, *names, "a", "a#2", "a"])
    listed = tuple(msgspec.structs.replace(one, purl=f"pkg:{one.name}") for one in packages)
    bill = bill_of(msgspec.structs.replace(full_facts(), packages=listed), NOW)
    assert len(set(bill.refs)) == len(packages)


@given(NAMES)
def test_the_serial_number_follows_the_content(name: str) -> None:
    serials = {
        json.loads(cyclonedx.render(made, timestamp=NOW))["serialNumber"]
        for made in (facts(name, "MIT", ""), facts(name + "x", "MIT", ""), facts(name, "MIT", ""))
    }
    assert len(serials) == 2
