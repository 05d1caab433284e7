"""SBOMs that lie in an image: what they name, and what is not told twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from catalogued import catalogued, told
from language_files import FILES
from scanning import dpkg_record, file, layer, scanned

CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "components": [
        {"type": "library", "name": "jsonlite", "version": "1.8.4",
         "purl": "pkg:cran/jsonlite@1.8.4"},
        {"type": "library", "name": "zlib", "version": "1.3", "purl": "pkg:conan/zlib@1.3",
         "licenses": [{"license": {"id": "Zlib"}}],
         "hashes": [{"alg": "SHA-256", "content": "ab" * 32}]},
        {"type": "library", "name": "openssl", "version": "3", "purl": "pkg:deb/debian/openssl@3"},
        {"type": "file", "name": "usr/bin/x", "version": "1"},
    ],
}  # fmt: skip
SPDX = {
    "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "redis",
    "dataLicense": "CC0-1.0", "documentNamespace": "https://x.example/redis",
    "creationInfo": {"created": "2024-01-01T00:00:00Z", "creators": ["Organization: Bitnami"]},
    "packages": [{
        "SPDXID": "SPDXRef-redis", "name": "redis", "versionInfo": "7.2.4-0",
        "downloadLocation": "NOASSERTION", "licenseDeclared": "BSD-3-Clause",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": "pkg:bitnami/redis@7.2.4-0?arch=amd64&distro=debian-12",
        }],
    }],
    "relationships": [{
        "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-redis",
    }],
}  # fmt: skip
BITNAMI = "opt/bitnami/redis/.spdx-redis.spdx"


def test_components_with_a_package_url_are_packages_and_others_are_not() -> None:
    packages, unreadable = catalogued("app/app.cdx.json", json.dumps(CYCLONEDX))
    assert told(packages) == ["cran:jsonlite@1.8.4", "conan:zlib@1.3"]
    assert unreadable == []
    assert {p.found_by for p in packages} == {"embedded-sbom"}
    assert packages[1].licences == ("Zlib",)
    assert [digits for _, digits in packages[1].hashes] == ["ab" * 32]


def test_the_document_of_bitnami_names_what_bitnami_built() -> None:
    (package,), unreadable = catalogued(BITNAMI, json.dumps(SPDX))
    assert (package.type, package.name, package.version) == ("bitnami", "redis", "7.2.4-0")
    assert package.location.path == BITNAMI
    assert unreadable == []


def test_what_was_seen_is_not_told_again(tmp_path: Path) -> None:
    seen = "usr/lib/R/site-library/jsonlite/DESCRIPTION"
    facts = scanned(
        tmp_path,
        [
            layer(
                file("app/a.cdx.json", json.dumps(CYCLONEDX)),
                file("app/b.cdx.json", json.dumps(CYCLONEDX)),
                file("var/lib/dpkg/status", dpkg_record("openssl", "3")),
                file(seen, FILES[seen][0]),
            )
        ],
    )
    assert [(p.name, p.location.path) for p in facts.packages] == [
        ("zlib", "app/a.cdx.json"),
        ("jsonlite", seen),
        ("openssl", "var/lib/dpkg/status"),
    ]


@pytest.mark.parametrize("place", ["a.cdx.json", "a.spdx.json", BITNAMI, "a.cdx.xml"])
@pytest.mark.parametrize("content", ["", "{}", "[", "<x/>", "hello", "\0\xff"])
def test_what_is_no_document_is_named(place: str, content: str) -> None:
    packages, unreadable = catalogued(place, content)
    assert packages == []
    assert len(unreadable) == 1


def test_a_common_name_of_other_files_is_no_promise() -> None:
    assert catalogued("app/bom.json", '{"parts": []}') == ([], [])
    assert told(catalogued("app/bom.json", json.dumps(CYCLONEDX))[0]) != []
    assert catalogued("app/molecule.cdx", "VjCD0100\x04\x03") == ([], [])
    assert told(catalogued("app/app.cdx", json.dumps(CYCLONEDX))[0]) != []


def test_documents_are_known_by_the_ends_that_tools_give_them() -> None:
    for place in ("a.bom.json", "a.sbom.json", "usr/.spdx.python.json", "a.syft.json"):
        assert told(catalogued(place, json.dumps(CYCLONEDX))[0]) != []


def test_a_component_without_a_version_is_named() -> None:
    lacking = {"type": "library", "name": "x", "purl": "pkg:npm/x"}
    packages, (why,) = catalogued("a.cdx.json", json.dumps(CYCLONEDX | {"components": [lacking]}))
    assert packages == []
    assert '"x" has no version' in why
