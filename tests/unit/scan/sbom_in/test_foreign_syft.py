"""syft's own JSON: of the present schema, of older ones, and as we write it."""

from __future__ import annotations

import json

import pytest
from bills import full_facts, package
from scanning import NOW

from secure.errors import InputError
from secure.facts.bom import Bom
from secure.facts.image import ImageFacts
from secure.facts.location import Location
from secure.report import syft_json
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom

DIFF_IDS = ["sha256:" + digit * 64 for digit in "ab"]
RPM = {
    "id": "1", "name": "perl-libs", "version": "4:5.26.3-422.el8", "type": "rpm",
    "foundBy": "rpm-db-cataloger",
    "locations": [
        {"path": "/usr/share/doc/x", "annotations": {"evidence": "supporting"}},
        {"path": "/var/lib/rpm/Packages", "layerID": DIFF_IDS[1],
         "accessPath": "/var/lib/rpm/Packages", "annotations": {"evidence": "primary"}},
    ],
    "licenses": [
        {"value": "GPL+ or Artistic", "spdxExpression": "", "type": "declared", "urls": []},
        {"value": "MIT", "spdxExpression": "MIT", "type": "concluded", "urls": []},
    ],
    "language": "",
    "cpes": [{"cpe": "cpe:2.3:a:perl-libs:perl-libs:5:*:*:*:*:*:*:*", "source": "syft-generated"}],
    "purl": "pkg:rpm/redhat/perl-libs@5.26.3-422.el8?arch=x86_64&distro=rhel-8.10&epoch=4",
    "metadataType": "rpm-db-entry",
    "metadata": {
        "name": "perl-libs", "version": "5.26.3", "epoch": 4, "architecture": "x86_64",
        "release": "422.el8", "sourceRpm": "perl-5.26.3-422.el8.src.rpm", "size": 1,
        "vendor": "Red Hat, Inc.", "modularityLabel": "perl:5.26:1", "files": [],
    },
}  # fmt: skip
NPM = {
    "id": "2", "name": "@types/node", "version": "20.1.0", "type": "npm", "language": "javascript",
    "foundBy": "javascript-package-cataloger", "cpes": [], "licenses": ["MIT"],
    "locations": [{"path": "/app/package.json"}],
    "purl": "pkg:npm/%40types/node@20.1.0",
    "metadataType": "javascript-npm-package", "metadata": {"source": ["not", "a", "text"]},
}  # fmt: skip


def document(**more: object) -> bytes:
    made = {
        "artifacts": [RPM, NPM],
        "artifactRelationships": [
            {"parent": "2", "child": "1", "type": "dependency-of"},
            {"parent": "1", "child": "2", "type": "ownership-by-file-overlap"},
            {"parent": "1", "child": "file", "type": "contains"},
        ],
        "source": {
            "id": "x", "name": "ubi", "version": "sha256:1", "type": "image",
            "metadata": {
                "userInput": "ubi:8", "imageID": "sha256:" + "1" * 64,
                "manifestDigest": "sha256:" + "2" * 64, "tags": ["ubi:8"], "imageSize": 1,
                "layers": [{"mediaType": "x", "digest": one, "size": 1} for one in DIFF_IDS],
                "architecture": "amd64", "os": "linux", "labels": {"a": "b"},
            },
        },
        "distro": {"prettyName": "RHEL", "name": "RHEL", "id": "rhel", "idLike": ["fedora"],
                   "versionID": "8.10"},
        "descriptor": {"name": "syft", "version": "1.40.0"},
        "schema": {"version": "16.1.3", "url": "https://x.example"},
    }  # fmt: skip
    return json.dumps(made | more).encode()


def bom(**more: object) -> Bom:
    return read_bom(document(**more), "the SBOM")


def facts(raw: bytes) -> ImageFacts:
    return image_facts(read_bom(raw, "the SBOM"), "sbom:x", tool_version="0", now="")


def test_what_decides_a_match_is_kept() -> None:
    node, perl = facts(document()).packages
    assert (perl.name, perl.version, perl.epoch) == ("perl-libs", "5.26.3-422.el8", "4")
    assert (perl.source, perl.source_version) == ("perl", "5.26.3-422.el8")
    assert (perl.modularity, perl.arch) == ("perl:5.26:1", "x86_64")
    assert (node.namespace, node.name) == ("@types", "node")


def test_places_layers_licences_and_makers_are_kept_and_guessed_cpes_are_not() -> None:
    node, perl = facts(document()).packages
    assert perl.location == Location("var/lib/rpm/Packages", 1)
    assert perl.also_at == (Location("usr/share/doc/x", 0),)
    assert (perl.licences, perl.licences_found) == (("GPL+ or Artistic",), ("MIT",))
    assert (perl.maintainer, perl.found_by, perl.cpe) == ("Red Hat, Inc.", "rpm-db-cataloger", "")
    assert node.licences == ("MIT",)


def test_relationships_are_needs_and_owners() -> None:
    perl, node = bom().components
    assert perl.needs == ("2",)
    assert node.needs is None
    assert node.package.owner == RPM["purl"]


def test_image_distribution_and_tool_are_told() -> None:
    found = facts(document())
    assert found.digest == "sha256:" + "2" * 64
    assert [one.diff_id for one in found.layers] == DIFF_IDS
    assert found.config.labels == {"a": "b"}
    assert found.os_release is not None
    assert (found.os_release.id, found.os_release.version_id) == ("rhel", "8.10")
    assert bom().tools == ("syft 1.40.0",)
    assert bom().form == "syft JSON 16.1.3"


def test_an_older_schema_is_read() -> None:
    old = RPM | {"licenses": ["GPL"], "cpes": ["cpe:2.3:a:x:x:1:*:*:*:*:*:*:*"]}
    target = {"userInput": "ubi:8", "layers": [{"digest": one} for one in DIFF_IDS], "tags": []}
    found = facts(
        document(
            artifacts=[old],
            artifactRelationships=[],
            source={"type": "image", "target": target},
            distro={"name": "rhel", "version": "8.10", "idLike": "fedora"},
        )
    )
    (perl,) = found.packages
    assert (perl.location.layer, perl.licences, perl.cpe) == (1, ("GPL",), "")
    assert found.os_release is not None
    assert (found.os_release.id, found.os_release.id_like) == ("rhel", ("fedora",))


@pytest.mark.parametrize("source", [{"type": "directory", "target": "/srv"}, {}])
def test_a_document_of_a_directory_is_read(source: dict[str, object]) -> None:
    assert len(facts(document(source=source)).packages) == 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"artifacts": [NPM, NPM]}, 'the id "2" is given twice'),
        ({"artifacts": [NPM | {"purl": "pkg:!!"}]}, "is no package URL"),
        (
            {"artifactRelationships": [{"parent": "9", "child": "1", "type": "dependency-of"}]},
            'a relationship leads to "9"',
        ),
    ],
)
def test_what_is_wrong_is_told_and_the_rest_kept(more: dict[str, object], why: str) -> None:
    found = bom(**more)
    assert found.components
    assert [one.why for one in found.unreadable if why in one.why]


@pytest.mark.parametrize("more", [{"artifacts": {}}, {"artifacts": [{"name": 1}]}, {"source": 1}])
def test_a_document_of_another_shape_is_refused_by_name(more: dict[str, object]) -> None:
    with pytest.raises(InputError, match="the SBOM"):
        bom(**more)


def kept(facts: ImageFacts) -> list[tuple[str, ...]]:
    """What the form has a place for; which layer removed a package it does not tell."""
    return sorted(
        (p.type, p.name, p.version, p.source, p.found_by, p.purl, p.location.path,
         str(p.location.layer), *p.licences)
        for p in facts.packages
    )  # fmt: skip


def test_what_we_write_for_others_we_read_as_far_as_the_form_goes() -> None:
    place = Location("a", 0)
    bash = package("rpm", "bash", "5-1", epoch="2", modularity="m:1", source="sh", also_at=(place,))
    wanted = full_facts(bash)
    found = facts(syft_json.render(wanted, timestamp=NOW))
    assert kept(found) == kept(wanted)
    assert found.os_release == wanted.os_release
    (rpm,) = (one for one in found.packages if one.type == "rpm")
    assert (rpm.epoch, rpm.modularity, rpm.also_at) == ("2", "m:1", (place,))
