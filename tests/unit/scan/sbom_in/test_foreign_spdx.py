"""SPDX of other makers, and as the official library writes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from spdx_tools.common.spdx_licensing import (  # type: ignore[import-untyped]  # no marker there
    spdx_licensing,
)
from spdx_tools.spdx.model.actor import Actor, ActorType
from spdx_tools.spdx.model.document import CreationInfo, Document
from spdx_tools.spdx.model.package import (
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
)
from spdx_tools.spdx.model.relationship import Relationship, RelationshipType
from spdx_tools.spdx.model.spdx_no_assertion import SpdxNoAssertion
from spdx_tools.spdx.writer.write_anything import write_file

from secure.facts.image import ImageFacts
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom

# The library's parser generator leaves a file open where it may not write beside itself.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def facts_of(raw: bytes) -> ImageFacts:
    return image_facts(read_bom(raw, "the SBOM"), "sbom:x", tool_version="0", now="")


def described(**more: object) -> bytes:
    package = {"SPDXID": "SPDXRef-1", "name": "libssl3", "versionInfo": "3.0.15-1"} | more
    return json.dumps({"spdxVersion": "SPDX-2.3", "packages": [package]}).encode()


PURL = "pkg:deb/debian/libssl3@3.0.15-1?arch=amd64&distro=debian-12"


def reference(locator: str) -> list[dict[str, str]]:
    return [{"referenceType": "purl", "referenceLocator": locator}]


def test_the_source_package_is_found_in_the_words_that_makers_use() -> None:
    by_text = facts_of(
        described(externalRefs=reference(PURL), sourceInfo="built package from: openssl 3.0.15-1")
    ).packages[0]
    by_purl = facts_of(described(externalRefs=reference(PURL + "&upstream=openssl"))).packages[0]
    assert (by_text.source, by_text.source_version) == ("openssl", "3.0.15-1")
    assert by_purl.source == "openssl"


def test_annotations_and_attribution_texts_of_trivy_are_understood() -> None:
    made = facts_of(
        described(
            externalRefs=reference("pkg:rpm/redhat/a@1-1"),
            attributionTexts=["PkgType: redhat", "Modularitylabel: a:1"],
            annotations=[{"comment": "SrcName: a-src"}, {"comment": "free text, no pair"}],
        )
    ).packages[0]
    assert (made.modularity, made.source) == ("a:1", "a-src")


def test_files_that_a_scanner_lists_are_no_packages_and_an_archive_with_purl_is_one() -> None:
    lock = facts_of(described(name="package-lock.json", attributionTexts=["Class: lang-pkgs"]))
    jar = facts_of(
        described(primaryPackagePurpose="ARCHIVE", externalRefs=reference("pkg:maven/a/b@1"))
    )
    assert lock.packages == ()
    assert [one.name for one in jar.packages] == ["b"]


def test_what_is_not_asserted_is_not_taken_for_a_value() -> None:
    made = facts_of(
        described(
            supplier="NOASSERTION",
            originator="Organization: Debian (x@debian.org)",
            homepage="NONE",
            licenseDeclared="NOASSERTION",
        )
    ).packages[0]
    assert (made.maintainer, made.homepage, made.licences) == ("Debian <x@debian.org>", "", ())


@pytest.mark.parametrize("ending", [".spdx.json", ".spdx"])
def test_what_the_official_library_writes_is_read(tmp_path: Path, ending: str) -> None:
    author = Actor(ActorType.PERSON, "Jane", "jane@example.com")
    head = CreationInfo(
        "SPDX-2.3", "SPDXRef-DOCUMENT", "app", "https://example.com/app", [author],
        datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None),
    )  # fmt: skip
    kind = ExternalPackageRefCategory.PACKAGE_MANAGER
    packages = [
        Package(
            f"SPDXRef-{name}", name, SpdxNoAssertion(), version="1", files_analyzed=False,
            license_declared=spdx_licensing.parse("MIT OR Apache-2.0"),
            description="first line\nsecond line: with a colon",
            external_references=[ExternalPackageRef(kind, "purl", f"pkg:deb/debian/{name}@1")],
        )
        for name in ("a", "b")
    ]  # fmt: skip
    relations = [
        Relationship("SPDXRef-DOCUMENT", RelationshipType.DESCRIBES, "SPDXRef-a"),
        Relationship("SPDXRef-a", RelationshipType.DEPENDS_ON, "SPDXRef-b"),
    ]
    path = tmp_path / f"bom{ending}"
    write_file(Document(head, packages, relationships=relations), str(path))
    bom = read_bom(path.read_bytes(), "the SBOM")
    assert bom.authors == ("Jane <jane@example.com>",)
    found = image_facts(bom, "sbom:x", tool_version="0", now="").packages
    assert [(one.name, one.version, one.type) for one in found] == [
        ("a", "1", "deb"),
        ("b", "1", "deb"),
    ]
    assert found[0].depends == ("b",)
    assert found[0].licences == ("MIT OR Apache-2.0",)
