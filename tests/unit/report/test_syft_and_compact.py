"""The JSON of syft's form holds what matchers read; our compact form holds every field once."""

from __future__ import annotations

import json

import msgspec
from bills import AUTHOR, full_facts, hostile_facts, package
from scanning import NOW

from secure.report import compact_json, syft_json


def test_a_matcher_finds_source_epoch_modularity_and_distribution() -> None:
    bash = package(
        "rpm", "bash", "5.1-2.el9", epoch="1", source="sh", source_version="5-1", modularity="a:1"
    )
    made = json.loads(syft_json.render(full_facts(bash), timestamp=NOW))
    by_name = {one["name"]: one for one in made["artifacts"]}
    assert by_name["curl"]["metadataType"] == "dpkg-db-entry"
    assert by_name["curl"]["metadata"]["source"] == "curl-source"
    assert by_name["curl"]["metadata"]["sourceVersion"] == "8.14.1-1"
    assert by_name["bash"]["metadata"]["sourceRpm"] == "sh-5-1.src.rpm"
    assert by_name["bash"]["metadata"]["epoch"] == 1
    assert by_name["bash"]["metadata"]["modularityLabel"] == "a:1"
    assert (by_name["bash"]["metadata"]["version"], by_name["bash"]["version"]) == (
        "5.1",
        "5.1-2.el9",
    )
    assert by_name["commons-io"]["type"] == "java-archive"
    assert (made["distro"]["id"], made["distro"]["versionID"]) == ("debian", "13")


def test_relationships_of_the_syft_form_lead_to_artifacts() -> None:
    made = json.loads(syft_json.render(full_facts(), timestamp=NOW))
    ids = {one["id"]: one["name"] for one in made["artifacts"]}
    assert len(ids) == len(full_facts().packages)
    graph = {
        (ids[one["parent"]], ids[one["child"]])
        for one in made["artifactRelationships"]
        if one["type"] == "dependency-of"
    }
    assert graph == {("libc6", "curl")}


def test_the_compact_form_holds_every_field_that_is_set() -> None:
    raw = compact_json.render(full_facts(), timestamp=NOW, author=AUTHOR)
    made = json.loads(raw)
    curl = made["packages"][0]
    told = {name for name, value in msgspec.structs.asdict(full_facts().packages[0]).items()
            if value not in ("", (), None) and (value or name == "from_base")}  # fmt: skip
    assert set(curl) == told
    assert curl["from_base"] is False
    assert "arch" not in made["packages"][-1]
    assert len(raw.splitlines()) == len(full_facts().packages) + 2


def test_hostile_text_stays_json() -> None:
    for render in (syft_json.render, compact_json.render):
        assert json.loads(render(hostile_facts(), timestamp=NOW))
