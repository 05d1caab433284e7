"""SBOMs that want to hurt: refused by name or told as unreadable, in bounded time."""

from __future__ import annotations

import json
import time

import msgspec
import pytest
from bills import full_facts, hostile_facts
from hypothesis import given
from hypothesis import strategies as st
from scanning import NOW

from secure.errors import DocumentError, InputError, LimitExceededError, UnsupportedError
from secure.facts.bom import Bom
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.report import (
    compact_json,
    cyclonedx,
    cyclonedx_xml,
    spdx2,
    spdx3,
    spdx_tag_value,
    syft_json,
)
from secure.scan.sbom_in.read import read_bom

GOOD = [
    module.render(full_facts(), timestamp=NOW)
    for module in (
        cyclonedx, cyclonedx_xml, spdx2, spdx_tag_value, spdx3, compact_json, syft_json,
    )
]  # fmt: skip
FORMS = pytest.mark.parametrize("raw", GOOD, ids=lambda raw: raw[:30])


def cdx(**more: object) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6"} | more).encode()


def read(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> Bom:
    return read_bom(raw, "the SBOM", limits)


def test_entities_that_multiply_are_refused_at_the_declaration() -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    raw = f'<?xml version="1.0"?><!DOCTYPE bom [<!ENTITY a0 "ha">{laughs}]><bom>&a11;</bom>'
    with pytest.raises(DocumentError, match="document type declaration"):
        read(raw.encode())


def test_an_entity_that_names_a_file_is_refused() -> None:
    raw = b'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]><bom>&x;</bom>'
    with pytest.raises(DocumentError, match="document type declaration"):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"bomFormat":"CycloneDX","components":' + b"[" * 100_000,
        b'{"bomFormat":"CycloneDX","x":' + b'{"a":' * 100_000,
        cdx() [:-1] + b',"components":' + b'[{"components":' * 500 + b"[]" + b"}]" * 500 + b"}",
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + b"<components>" * 100_000,
    ],
)  # fmt: skip
def test_what_is_nested_too_deeply_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        read(raw)


@FORMS
def test_more_components_than_the_limit_are_refused(raw: bytes) -> None:
    limits = Limits(sbom_components=2)
    with pytest.raises(LimitExceededError, match="sbom_components"):
        read(raw, limits)


@FORMS
def test_a_larger_document_than_the_limit_is_refused(raw: bytes) -> None:
    with pytest.raises(LimitExceededError, match="sbom_bytes"):
        read(raw, Limits(sbom_bytes=100))


@FORMS
def test_more_values_than_the_limit_are_refused_before_they_are_made(raw: bytes) -> None:
    with pytest.raises(LimitExceededError, match="sbom_values"):
        read(raw, Limits(sbom_values=20))


def test_a_list_of_nothing_is_refused_before_it_takes_memory() -> None:
    raw = b'{"bomFormat":"CycloneDX","components":[' + b"{}," * 4_000_000 + b"{}]}"
    start = time.process_time()
    with pytest.raises(LimitExceededError, match="sbom_values"):
        read(raw)
    assert time.process_time() - start < 10


def test_a_reference_given_twice_is_told() -> None:
    twice = [{"type": "library", "bom-ref": "a", "name": "x", "version": "1"}] * 2
    found = read(cdx(components=twice))
    assert [one.why for one in found.unreadable] == ['the bom-ref "a" is given twice']
    assert len(found.components) == 2


def test_a_dependency_into_nothing_is_told() -> None:
    found = read(cdx(dependencies=[{"ref": "a", "dependsOn": ["gone"]}]))
    assert [one.why for one in found.unreadable] == [
        'a dependency leads to "gone", which is not in the document'
    ]


def test_a_circle_of_dependencies_is_no_trouble() -> None:
    listed = [{"type": "library", "bom-ref": name, "name": name, "version": "1"} for name in "ab"]
    graph = [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a", "b"]}]
    found = read(cdx(components=listed, dependencies=graph))
    assert [one.needs for one in found.components] == [("b",), ("a", "b")]
    assert found.unreadable == ()


def test_a_purl_that_is_none_is_told_and_the_package_kept() -> None:
    found = read(cdx(components=[{"type": "library", "name": "x", "purl": "pkg:!!"}]))
    assert found.components[0].package.name == "x"
    assert found.components[0].package.purl == ""
    assert "is no package URL" in found.unreadable[0].why


def test_a_key_given_twice_is_refused() -> None:
    raw = b'{"bomFormat":"CycloneDX","components":[],"components":[]}'
    with pytest.raises(DocumentError, match="twice"):
        read(raw)


@pytest.mark.parametrize("raw", [b"", b"\0", b"PK\x03\x04", b"{}", b"[]", b"hello", b"null"])
def test_what_is_no_sbom_is_refused(raw: bytes) -> None:
    with pytest.raises(UnsupportedError):
        read(raw)


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(DocumentError, match="has no end"):
        read(b"SPDXVersion: SPDX-2.3\nPackageComment: <text>for ever\n")


@pytest.mark.parametrize("module", [cyclonedx, cyclonedx_xml, spdx2, spdx_tag_value, spdx3])
def test_our_own_document_of_a_hostile_image_is_read_or_refused_by_name(module: object) -> None:
    raw = module.render(hostile_facts(), timestamp=NOW)  # type: ignore[attr-defined]
    if (
        raw.startswith(b"{") and b"\\u0000" in raw
    ):  # JSON may hold it, and no reader of ours takes it
        with pytest.raises(DocumentError, match="NUL"):
            read(raw)
    else:
        assert len(read(raw).components) == len(hostile_facts().packages)


@FORMS
@given(data=st.data())
def test_a_damaged_document_is_read_or_refused(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    length = data.draw(st.integers(0, 40))
    made = raw[:start] + data.draw(st.binary(max_size=8)) + raw[start + length :]
    try:
        read(made)
    except InputError:
        return


def test_reading_is_linear_in_the_packages() -> None:
    one = full_facts().packages[0]

    def seconds(count: int) -> float:
        packages = tuple(
            msgspec.structs.replace(one, name=f"p{n}", purl=f"pkg:deb/debian/p{n}@1")
            for n in range(count)
        )
        raw = cyclonedx.render(
            msgspec.structs.replace(full_facts(), packages=packages), timestamp=NOW
        )
        start = time.process_time()
        read(raw)
        return time.process_time() - start

    seconds(100)
    assert seconds(4_000) < 20 * seconds(800)
