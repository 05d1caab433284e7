"""Image facts with every field that an SBOM tells, and with text that tries to break out of it."""

from __future__ import annotations

import msgspec
from scanning import NOW

from secure.facts.base_image import BaseEvidence, BaseImage
from secure.facts.files import OsRelease
from secure.facts.image import ConfigFacts, ImageFacts, Unreadable
from secure.facts.location import Layer, Location
from secure.facts.package import Package
from secure.facts.purl import purl
from secure.report.bill import Author

AUTHOR = Author("Jane Doe", email="jane@example.com")
_DIFF_ID = "sha256:" + "a" * 64
_ODD = '"</name>\n\x00\x1b[31m\u202e\ufffe&<![CDATA[ SPDXID: x </text>'


def package(kind: str, name: str, version: str, **more: object) -> Package:
    """A package with its purl; `more` are fields of `Package`."""
    namespace = str(more.get("namespace", ""))
    made = Package(
        type=kind,
        name=name,
        version=version,
        location=Location("var/lib/db", 0),
        found_by="test-db",
        purl=purl(kind, name, version, namespace=namespace),
    )
    return msgspec.structs.replace(made, **more)


def full_facts(*more: Package) -> ImageFacts:
    """An image in which every field of a package occurs."""
    packages = (
        package(
            "deb",
            "curl",
            "8.14.1-2",
            namespace="debian",
            arch="amd64",
            source="curl-source",
            source_version="8.14.1-1",
            licences=("curl",),
            licences_found=("MIT",),
            depends=("libc6",),
            maintainer="Curl People <curl@example.org>",
            homepage="https://curl.se/",
            epoch="1",
            modularity="curl:8:1",
            essential=True,
            automatic=True,
            hashes=(("sha512", "ab" * 64), ("sha256", "cd" * 32), ("sha256", "no hash")),
            owner="pkg:deb/debian/owner@1",
            from_base=False,
        ),
        package("deb", "libc6", "2.41", namespace="debian", licences=("Mine", "MIT")),
        package(
            "generic",
            "node",
            "22.1.0",
            found_by="binary-classifier",
            cpe="cpe:2.3:a:nodejs:node.js:22.1.0:*:*:*:*:*:*:*",
        ),
        package(
            "maven",
            "commons-io",
            "2.16.0",
            namespace="org.apache.commons",
            declared=True,
            from_base=True,
            licences=("Apache-2.0 OR MIT", "Some text"),
            location=Location("app/lib/commons-io-2.16.0.jar", 1),
            also_at=(Location("app/gradle.lockfile", 1), Location("app/pom.xml", 0)),
            homepage="not a url",
        ),
        package("pypi", "x", "1"),
        package("pypi", "x", "1", location=Location("b/METADATA", 0, deleted_by=1)),
        *more,
    )
    return ImageFacts(
        reference="dir/app.tar",
        digest="sha256:" + "1" * 64,
        config_digest="sha256:" + "2" * 64,
        config=ConfigFacts(labels={"a": "b"}, os="linux", architecture="amd64"),
        layers=(Layer(0, _DIFF_ID, "", 1), Layer(1, "sha256:" + "b" * 64, "", 1)),
        packages=packages,
        files=(),
        secrets=(),
        accounts=(),
        groups=(),
        os_release=OsRelease("debian", "13", "trixie", ("linux",), "Debian", "Debian 13"),
        unreadable=(Unreadable("var/lib/rpm/rpmdb.sqlite", 1, "truncated"),),
        complete=False,
        entries=3,
        uncompressed_bytes=3,
        tool_version="0.1.0",
        scanned_at=NOW,
        repo_tags=("registry.example/app:1.0",),
        base=BaseImage(1, BaseEvidence.GIVEN, "debian:13"),
    )


def hostile_facts() -> ImageFacts:
    """Names, licences, homepages and references that are not what they should be."""
    odd = package(
        "deb",
        _ODD,
        _ODD,
        licences=("((((", "\x00", "é", _ODD),
        licences_found=(_ODD,),
        maintainer=_ODD,
        homepage="https://[::1\n",
        source=_ODD,
        cpe="cpe:2.3:a:x:y:é:*:*:*:*:*:*:*",
        hashes=(("sha512", "zz"), ("md9", "00"), ("sha256", "")),
        location=Location(_ODD, 7),
    )
    empty = package("pypi", "", "")
    return msgspec.structs.replace(
        full_facts(odd, odd, empty),
        reference="caf\udce9.tar",
        repo_tags=(_ODD,),
        os_release=OsRelease(pretty_name=_ODD),
        config=ConfigFacts(labels={_ODD: _ODD}),
    )
