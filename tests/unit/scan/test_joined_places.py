"""What is installed and also declared is one package that knows all its places and their layers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bills import package
from scanning import NOW, dpkg_record, file, layer, scanned

from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.facts.package import Package
from secure.report import compact_json, cyclonedx, cyclonedx_xml, spdx2, spdx3, spdx_tag_value
from secure.report.syft_json import render as syft
from secure.scan.joined import joined
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom

LOCK = "GEM\n  remote: https://rubygems.org/\n  specs:\n    rack ({})\n      webrick\n{}"
SUMS = f"\nCHECKSUMS\n  rack (3.0.0) sha256={'ab' * 32}\n"
SPEC = "# stub: {0} {1} ruby lib\n"
INSTALLED = "usr/local/bundle/specifications/rack-3.0.0.gemspec"
WRITERS: list[Callable[..., bytes]] = [
    module.render
    for module in (cyclonedx, cyclonedx_xml, spdx2, spdx_tag_value, spdx3, compact_json)
]


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> ImageFacts:
    """The lock file came first, the gem with the next layer, another lock file with the last."""
    folder = tmp_path_factory.mktemp("joined")
    return scanned(
        folder,
        [
            layer(file("srv/Gemfile.lock", LOCK.format("3.0.0", SUMS))),
            layer(file(INSTALLED, SPEC.format("rack", "3.0.0"))),
            layer(
                file("app/Gemfile.lock", LOCK.format("3.0.0", "")),
                file("old/Gemfile.lock", LOCK.format("2.0.0", "")),
            ),
        ],
    )


def test_the_installed_one_speaks_and_every_place_keeps_its_layer(facts: ImageFacts) -> None:
    old, found = facts.packages
    assert (found.location, found.declared) == (Location(INSTALLED, 1), False)
    assert found.found_by == "gem-installed"
    assert found.also_at == (Location("app/Gemfile.lock", 2), Location("srv/Gemfile.lock", 0))
    assert (old.version, old.declared, old.also_at) == ("2.0.0", True, ())


def test_what_only_the_lock_file_tells_is_kept(facts: ImageFacts) -> None:
    assert facts.packages[1].hashes == (("sha256", "ab" * 32),)


@pytest.mark.parametrize("render", WRITERS)
def test_every_document_tells_all_places_and_is_read_back(
    facts: ImageFacts, render: Callable[..., bytes]
) -> None:
    raw = render(facts, timestamp=NOW)
    back = image_facts(read_bom(raw, "it"), "it", tool_version="1", now=NOW)
    assert back.packages[1].location == facts.packages[1].location
    assert back.packages[1].also_at == facts.packages[1].also_at


def test_cyclonedx_lists_the_places_as_occurrences(facts: ImageFacts) -> None:
    made = json.loads(cyclonedx.render(facts, timestamp=NOW))["components"][1]
    assert made["evidence"]["occurrences"] == [
        {"location": "/" + INSTALLED},
        {"location": "/app/Gemfile.lock"},
        {"location": "/srv/Gemfile.lock"},
    ]


def test_the_form_of_syft_lists_the_places_with_their_layers(facts: ImageFacts) -> None:
    made = json.loads(syft(facts, timestamp=NOW))["artifacts"][1]["locations"]
    found = [(one["path"], one["layerID"], one["annotations"]["evidence"]) for one in made]
    diff_ids = [one.diff_id for one in facts.layers]
    assert found == [
        ("/" + INSTALLED, diff_ids[1], "primary"),
        ("/app/Gemfile.lock", diff_ids[2], "supporting"),
        ("/srv/Gemfile.lock", diff_ids[0], "supporting"),
    ]


def test_a_lock_file_that_goes_takes_its_place_with_it(tmp_path: Path) -> None:
    facts = scanned(
        tmp_path,
        [
            layer(file(INSTALLED, SPEC.format("rack", "3.0.0"))),
            layer(file("srv/Gemfile.lock", LOCK.format("3.0.0", ""))),
            layer(file("srv/.wh.Gemfile.lock")),
        ],
    )
    (found,) = facts.packages
    assert found.also_at == ()


def test_an_owned_package_stays_owned(tmp_path: Path) -> None:
    status = dpkg_record("ruby-rack", "3.0.0-1", "Architecture: all")
    facts = scanned(
        tmp_path,
        [
            layer(
                file("var/lib/dpkg/status", status),
                file("var/lib/dpkg/info/ruby-rack.list", f"/.\n/{INSTALLED}\n"),
                file(INSTALLED, SPEC.format("rack", "3.0.0")),
                file("etc/os-release", "ID=debian\nVERSION_ID=12\n"),
                file("srv/Gemfile.lock", LOCK.format("3.0.0", "")),
            )
        ],
    )
    found = {one.type: one for one in facts.packages}
    assert len(facts.packages) == 2
    assert found["gem"].owner == found["deb"].purl
    assert found["gem"].also_at == (Location("srv/Gemfile.lock", 0),)


def at(path: str, *, declared: bool, version: str = "1") -> Package:
    return package("npm", "x", version, location=Location(path, 0), declared=declared)


def test_several_installed_ones_stay_several_and_the_first_is_joined() -> None:
    one, two, lock = at("a", declared=False), at("b", declared=False), at("c", declared=True)
    found = joined([one, two, lock])
    assert [(p.location.path, [o.path for o in p.also_at]) for p in found] == [
        ("a", ["c"]),
        ("b", []),
    ]


def test_what_is_only_declared_in_several_places_is_one_and_stays_declared() -> None:
    found = joined([at("a", declared=True), at("a", declared=True), at("b", declared=True)])
    assert [(p.location.path, [o.path for o in p.also_at], p.declared) for p in found] == [
        ("a", ["b"], True)
    ]


def test_other_versions_and_packages_without_purl_are_left_alone() -> None:
    other = [at("a", declared=False), at("b", declared=True, version="2")]
    nameless = [package("x", "x", "1", purl="", declared=declared) for declared in (True, False)]
    assert joined([*other, *nameless]) == (*other, *nameless)
