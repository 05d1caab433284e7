"""CycloneDX of other makers: the private properties that matching depends on are understood."""

from __future__ import annotations

import json

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom as LibraryBom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from secure.facts.package import Package
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom


def packages(*components: dict[str, object]) -> dict[str, Package]:
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}
    bom = read_bom(json.dumps(document).encode(), "the SBOM")
    facts = image_facts(bom, "sbom:x", tool_version="0", now="")
    return {one.name: one for one in facts.packages}


def properties(**told: str) -> list[dict[str, str]]:
    return [{"name": name.replace("__", ":"), "value": text} for name, text in told.items()]


def test_syft_tells_source_and_place_of_a_debian_package() -> None:
    found = packages(
        {
            "type": "library",
            "bom-ref": "pkg:deb/debian/libssl3@3.0.15?package-id=1",
            "name": "libssl3",
            "version": "3.0.15-1",
            "publisher": "Debian OpenSSL Team",
            "purl": "pkg:deb/debian/libssl3@3.0.15-1?arch=amd64&distro=debian-12&upstream=openssl",
            "properties": properties(
                syft__package__foundBy="dpkg-db-cataloger",
                syft__package__type="deb",
                syft__metadata__source="openssl",
                syft__location__0__path="/var/lib/dpkg/status",
            ),
        }
    )["libssl3"]
    assert (found.source, found.source_version) == ("openssl", "")
    assert (found.arch, found.location.path) == ("amd64", "var/lib/dpkg/status")
    assert (found.found_by, found.maintainer) == ("dpkg-db-cataloger", "Debian OpenSSL Team")


def test_syft_tells_epoch_modularity_and_source_of_an_rpm() -> None:
    found = packages(
        {
            "type": "library",
            "name": "nodejs",
            "version": "1:18.19.1-1.module+el8",
            "purl": "pkg:rpm/rhel/nodejs@18.19.1-1.module%2Bel8?arch=x86_64&epoch=1"
            "&upstream=nodejs-18.19.1-1.module%2Bel8.src.rpm&distro=rhel-8.9",
            "properties": properties(
                syft__metadata__epoch="1", syft__metadata__modularityLabel="nodejs:18:8090:x"
            ),
        }
    )["nodejs"]
    assert (found.epoch, found.version) == ("1", "18.19.1-1.module+el8")
    assert found.modularity == "nodejs:18:8090:x"
    assert (found.source, found.source_version) == ("nodejs", "18.19.1-1.module+el8")


def test_trivy_tells_source_epoch_modularity_and_layer() -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {"type": "operating-system", "name": "redhat", "version": "8.9"},
            {
                "type": "application",
                "name": "app/package-lock.json",
                "properties": properties(aquasecurity__trivy__Class="lang-pkgs"),
            },
            {
                "type": "library",
                "name": "perl-Errno",
                "version": "1.28-416.el8",
                "purl": "pkg:rpm/redhat/perl-Errno@1.28-416.el8?arch=x86_64",
                "properties": properties(
                    aquasecurity__trivy__PkgType="redhat",
                    aquasecurity__trivy__SrcName="perl",
                    aquasecurity__trivy__SrcVersion="5.26.3",
                    aquasecurity__trivy__SrcRelease="416.el8",
                    aquasecurity__trivy__SrcEpoch="4",
                    aquasecurity__trivy__Modularitylabel="perl:5.26",
                    aquasecurity__trivy__LayerDiffID="sha256:" + "a" * 64,
                ),
            },
        ],
    }
    bom = read_bom(json.dumps(document).encode(), "the SBOM")
    facts = image_facts(bom, "sbom:x", tool_version="0", now="")
    (found,) = facts.packages
    assert (found.source, found.source_version) == ("perl", "4:5.26.3-416.el8")
    assert found.modularity == "perl:5.26"
    assert facts.os_release is not None
    assert (facts.os_release.id, facts.os_release.version_id) == ("redhat", "8.9")


def test_an_rpm_without_vendor_is_still_an_rpm() -> None:
    found = packages({"type": "library", "name": "bash", "purl": "pkg:rpm/bash@4.4?arch=x86_64"})
    assert (found["bash"].type, found["bash"].version, found["bash"].arch) == (
        "rpm",
        "4.4",
        "x86_64",
    )


def test_without_a_component_the_distribution_is_that_of_most_purls() -> None:
    listed = [
        {"type": "library", "name": name, "purl": f"pkg:apk/alpine/{name}@1?distro={distro}"}
        for name, distro in (("a", "alpine-3.20"), ("b", "alpine-3.20"), ("c", "alpine-3.19"))
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.4", "components": listed}
    facts = image_facts(
        read_bom(json.dumps(document).encode(), "it"), "sbom:x", tool_version="0", now=""
    )
    assert facts.os_release is not None
    assert (facts.os_release.id, facts.os_release.version_id) == ("alpine", "3.20")


def test_a_component_without_purl_is_kept_by_what_is_told() -> None:
    found = packages(
        {"type": "library", "group": "org.a", "name": "b", "version": "1",
         "properties": properties(syft__package__type="java-archive")},
        {"type": "framework", "name": "unknown thing", "version": "2"},
    )  # fmt: skip
    assert (found["b"].type, found["b"].namespace) == ("maven", "org.a")
    assert found["unknown thing"].type == "generic"


def test_components_inside_components_are_found() -> None:
    inner: dict[str, object] = {"type": "library", "name": "inner", "version": "1"}
    outer: dict[str, object] = {
        "type": "library",
        "name": "outer",
        "version": "1",
        "components": [inner],
    }
    assert set(packages(outer)) == {"inner", "outer"}


def test_what_the_library_writes_is_read_from_json_and_xml_alike() -> None:
    bom = LibraryBom()
    parts = ("deb", "debian", "bash", "5.2-1", {"arch": "amd64"})
    bom.components.add(
        Component(
            name="bash",
            version="5.2-1",
            type=ComponentType.APPLICATION,
            bom_ref="a",
            purl=PackageURL(*parts),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content="c" * 64)],
            licenses=[LicenseExpression("GPL-3.0-or-later")],
            properties=[Property(name="syft:metadata:source", value="bash-src")],
        )
    )
    for version in (SchemaVersion.V1_4, SchemaVersion.V1_6, SchemaVersion.V1_7):
        found = []
        for form in (OutputFormat.JSON, OutputFormat.XML):
            raw = make_outputter(bom, form, version).output_as_string().encode()
            facts = image_facts(read_bom(raw, "it"), "sbom:x", tool_version="0", now="")
            found.append(facts.packages)
        assert found[0] == found[1]
        (bash,) = found[0]
        assert (bash.name, bash.version, bash.arch) == ("bash", "5.2-1", "amd64")
        assert bash.licences == ("GPL-3.0-or-later",)
        assert bash.hashes == (("sha256", "c" * 64),)
        assert bash.source == "bash-src"
