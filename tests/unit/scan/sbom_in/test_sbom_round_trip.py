"""What we write, in every form, we read back as the same packages."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest
import yaml
from bills import AUTHOR, full_facts
from scanning import NOW

from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.report import compact_json, cyclonedx, cyclonedx_xml, spdx2, spdx3, spdx_tag_value
from secure.report.bill import Author
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom


def spdx_yaml(facts: ImageFacts, *, timestamp: str, author: Author | None = None) -> bytes:
    """As SPDX's own tools turn their JSON into YAML."""
    tree = json.loads(spdx2.render(facts, timestamp=timestamp, author=author))
    return yaml.safe_dump(tree).encode()


WRITERS: dict[str, Callable[..., bytes]] = {
    "CycloneDX 1.6 JSON": cyclonedx.render,
    "CycloneDX 1.6 XML": cyclonedx_xml.render,
    "SPDX 2.3 JSON": spdx2.render,
    "SPDX 2.3 YAML": spdx_yaml,
    "SPDX 2.3 tag-value": spdx_tag_value.render,
    "SPDX 3.0.1 JSON-LD": spdx3.render,
    "secure compact JSON": compact_json.render,
}
FORMS = pytest.mark.parametrize("form", WRITERS)


def plainly(package: Package) -> Package:
    """Without what a form cannot hold: no hash that is none, and one licence of the SPDX list."""
    return msgspec.structs.replace(
        package, hashes=tuple(sorted(package.hashes[:2])), licences=package.licences[:1]
    )


def facts() -> ImageFacts:
    return msgspec.structs.replace(
        full_facts(), packages=tuple(map(plainly, full_facts().packages))
    )


def again(form: str) -> ImageFacts:
    bom = read_bom(WRITERS[form](facts(), timestamp=NOW, author=AUTHOR), "the SBOM")
    assert bom.form == form
    return image_facts(bom, facts().reference, tool_version=facts().tool_version, now=NOW)


@FORMS
def test_the_packages_are_the_same_field_by_field(form: str) -> None:
    assert sorted(again(form).packages, key=str) == sorted(facts().packages, key=str)


@FORMS
def test_image_and_distribution_are_the_same(form: str) -> None:
    found, wanted = again(form), facts()
    assert found.os_release == wanted.os_release
    assert found.config == wanted.config
    assert (found.digest, found.config_digest) == (wanted.digest, wanted.config_digest)
    assert found.repo_tags == wanted.repo_tags
    assert [layer.diff_id for layer in found.layers] == [one.diff_id for one in wanted.layers]


@FORMS
def test_what_we_could_not_read_is_still_not_complete(form: str) -> None:
    found = again(form)
    assert not found.complete
    assert "rpmdb.sqlite" in str(found.unreadable)


@FORMS
def test_an_image_without_packages_is_complete_by_our_word(form: str) -> None:
    empty = msgspec.structs.replace(facts(), packages=(), unreadable=(), complete=True)
    bom = read_bom(WRITERS[form](empty, timestamp=NOW), "the SBOM")
    assert image_facts(bom, "x", tool_version="0", now=NOW).complete


def test_a_document_that_lists_nothing_is_not_taken_for_an_empty_image() -> None:
    bom = read_bom(b'{"bomFormat":"CycloneDX","specVersion":"1.6"}', "the SBOM")
    found = image_facts(bom, "x", tool_version="0", now=NOW)
    assert not found.complete
    assert "lists no package" in found.unreadable[0].why


@FORMS
def test_author_tool_and_time_are_told(form: str) -> None:
    bom = read_bom(WRITERS[form](facts(), timestamp=NOW, author=AUTHOR), "the SBOM")
    assert "jane@example.com" in bom.authors[0]
    assert bom.tools[0].startswith("secure-runtime")
    assert bom.created == NOW
    assert bom.identity
    assert bom.context
