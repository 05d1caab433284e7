"""The SBOM: valid by the schema, read back by the library as meant, always the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import ComponentType
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from scanning import NOW, apk_record, dpkg_record, file, layer, scanned

from secure.facts.image import ImageFacts, Unreadable
from secure.oci.image_config import Execution
from secure.report.cyclonedx import render
from secure.report.spdx_licences import licence_choice, spdx_expression

RELEASE = "ID=debian\nVERSION_ID=13\nPRETTY_NAME='Debian 13'\n"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> ImageFacts:
    status = (
        dpkg_record("app", "1:2.0+b1", "Depends: libc6 (>= 2), awk", "Maintainer: A <a@b.c>")
        + dpkg_record("libc6", "2.41", "Source: glibc (2.41-1)")
        + dpkg_record("mawk", "1.3", "Provides: awk")
    )
    apk = apk_record("musl", "1.2-r0", "L:MIT", "p:so:libc.so=1")
    apk += apk_record("zlib", "1.3-r0", "L:Zlib License of mine", "D:so:libc.so")
    layers = [
        layer(file("etc/os-release", RELEASE), file("var/lib/dpkg/status", status)),
        layer(
            file("lib/apk/db/installed", apk),
            file("a/x-1.dist-info/METADATA", "Name: X\nVersion: 1\nLicense: MIT or Apache-2.0\n\n"),
            file("b/x-1.dist-info/METADATA", "Name: X\nVersion: 1\n\n"),
        ),
    ]
    config = Execution(labels={"org.opencontainers.image.title": "äpp"})
    return scanned(tmp_path_factory.mktemp("image"), layers, config)


def document(facts: ImageFacts) -> dict[str, object]:
    made: dict[str, object] = json.loads(render(facts, timestamp=NOW))
    return made


def test_it_is_valid_by_the_schema(facts: ImageFacts) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(render(facts, timestamp=NOW).decode()) is None


def test_hostile_text_stays_valid(facts: ImageFacts) -> None:
    odd = msgspec.structs.replace(
        facts.packages[0], name='"\n\x1b[31m\u202e', licences=("((((", "\x00"), maintainer="\ud7ff"
    )
    changed = msgspec.structs.replace(
        facts,
        packages=(odd, *facts.packages),
        reference="caf\udce9.tar",
        unreadable=(Unreadable("a\nb", 0, "why"),),
        complete=False,
    )
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(render(changed, timestamp=NOW).decode()) is None


def test_the_library_reads_back_what_was_written(facts: ImageFacts) -> None:
    bom = Bom.from_json(document(facts))  # type: ignore[attr-defined]  # added by a decorator
    libraries = {
        (c.name, c.version, c.purl.to_string() if c.purl else "")
        for c in bom.components
        if c.type == ComponentType.LIBRARY
    }
    assert libraries == {(p.name, p.version, p.purl) for p in facts.packages}
    by_ref = {c.bom_ref.value: c.name for c in bom.components}
    graph = {
        (by_ref[d.ref.value], by_ref[n.ref.value])
        for d in bom.dependencies
        if d.ref.value in by_ref
        for n in d.dependencies
    }
    assert graph == {(p.name, need) for p in facts.packages for need in p.depends}
    assert graph >= {("app", "libc6"), ("app", "mawk"), ("zlib", "musl")}


def test_every_reference_is_used_once_and_resolves(facts: ImageFacts) -> None:
    made = document(facts)
    components = made["components"]
    dependencies = made["dependencies"]
    assert isinstance(components, list)
    assert isinstance(dependencies, list)
    refs = [c["bom-ref"] for c in components]
    assert len(set(refs)) == len(refs)
    known = {*refs, "image"}
    used = {ref for d in dependencies for ref in (d["ref"], *d.get("dependsOn", ()))}
    assert used <= known


def test_a_component_tells_where_it_was_found(facts: ImageFacts) -> None:
    made = document(facts)["components"]
    assert isinstance(made, list)
    libc = next(c for c in made if c["name"] == "libc6")
    properties = {p["name"]: p["value"] for p in libc["properties"]}
    assert properties["secure:layer:index"] == "0"
    assert properties["secure:layer:diffID"] == facts.layers[0].diff_id
    assert libc["evidence"]["occurrences"] == [{"location": "/var/lib/dpkg/status"}]
    assert properties["secure:source:name"] == "glibc"
    assert properties["secure:source:version"] == "2.41-1"


def test_the_operating_system_is_a_component(facts: ImageFacts) -> None:
    made = document(facts)["components"]
    assert isinstance(made, list)
    system = next(c for c in made if c["type"] == "operating-system")
    assert (system["name"], system["version"]) == ("debian", "13")


@pytest.mark.parametrize(("complete", "word"), [(True, "complete"), (False, "incomplete")])
def test_completeness_is_said(facts: ImageFacts, complete: bool, word: str) -> None:
    made = document(msgspec.structs.replace(facts, complete=complete))
    compositions = made["compositions"]
    assert isinstance(compositions, list)
    assert compositions[0] == {"aggregate": word, "assemblies": ["image"]}
    graph = {one["aggregate"]: one["dependencies"] for one in compositions[1:]}
    of_databases = [p.purl for p in facts.packages if p.type in {"deb", "apk"}]
    assert graph[word] == sorted(of_databases)
    assert [ref.partition("@")[0] for ref in graph["unknown"]] == ["pkg:pypi/x", "pkg:pypi/x"]


def test_what_was_unreadable_is_said(facts: ImageFacts) -> None:
    changed = msgspec.structs.replace(facts, unreadable=(Unreadable("x", 1, "too large"),))
    metadata = document(changed)["metadata"]
    assert isinstance(metadata, dict)
    found = {"name": "secure:unreadable", "value": "layer 1: x: too large"}
    assert found in metadata["properties"]


def test_the_same_facts_give_the_same_bytes(facts: ImageFacts) -> None:
    assert render(facts, timestamp=NOW) == render(facts, timestamp=NOW)


def test_the_serial_number_follows_the_digest(facts: ImageFacts) -> None:
    other = msgspec.structs.replace(facts, digest="sha256:" + "0" * 64)
    assert document(facts)["serialNumber"] != document(other)["serialNumber"]


def test_an_empty_image_is_valid(tmp_path: Path) -> None:
    empty = scanned(tmp_path, [layer(file("x"))])
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(render(empty, timestamp=NOW).decode()) is None


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (("MIT",), [{"expression": "MIT"}]),
        (("mit or apache-2.0",), [{"expression": "MIT OR Apache-2.0"}]),
        (("GPL2",), [{"license": {"name": "GPL2"}}]),
        (("MIT", "GPL2"), [{"license": {"id": "MIT"}}, {"license": {"name": "GPL2"}}]),
        (("",), []),
    ],
)
def test_licences_take_the_form_the_schema_asks(
    declared: tuple[str, ...], expected: list[dict[str, object]]
) -> None:
    assert licence_choice(declared) == expected


@pytest.mark.parametrize(
    "text", ["(" * 400 + "MIT", "MIT " * 1000, "MIT\0", "", "LicenseRef-", "é"]
)
def test_what_is_no_expression_is_a_name(text: str) -> None:
    assert spdx_expression(text) == ""
