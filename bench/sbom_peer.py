"""One run of the SBOM figure: load facts of 5,000 packages, and write them in one of two ways.

sbom_peer.py make FILE              write the facts
sbom_peer.py facts|ours|library FILE: `facts` stops after loading, so that it can be subtracted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from secure.facts.image import ConfigFacts, ImageFacts
from secure.facts.location import Layer, Location
from secure.facts.package import Package
from secure.facts.purl import purl

_COUNT = 5_000


def main(way: str, path: str) -> None:
    if way == "make":
        Path(path).write_bytes(msgspec.json.encode(_facts()))
        return
    facts = msgspec.json.decode(Path(path).read_bytes(), type=ImageFacts)
    if way == "ours":
        from secure.report.cyclonedx import render

        made = render(facts, timestamp=facts.scanned_at)
        assert made.count(b'"bom-ref"') >= len(facts.packages)  # noqa: S101 - a wrong run has no time
    elif way == "library":
        _by_library(facts)


def _by_library(facts: ImageFacts) -> None:
    """The same document as far as the library's model goes."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.output.json import JsonV1Dot6

    bom = Bom()
    components = {package.name: _component(package) for package in facts.packages}
    for component in components.values():
        bom.components.add(component)
    for package in facts.packages:
        needs = [components[name] for name in package.depends]
        bom.register_dependency(components[package.name], needs)
    JsonV1Dot6(bom).output_as_string(indent=1)


def _component(package: Package):  # type: ignore[no-untyped-def]  # the library is imported late
    from cyclonedx.factory.license import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.contact import OrganizationalEntity
    from packageurl import PackageURL

    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=package.purl,
        purl=PackageURL.from_string(package.purl),
        supplier=OrganizationalEntity(name=package.maintainer),
        licenses=[LicenseFactory().make_from_string(one) for one in package.licences],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for _, one in package.hashes],
        properties=[
            Property(name="secure:cataloger", value=package.found_by),
            Property(name="secure:layer:index", value=str(package.location.layer)),
            Property(name="secure:source:name", value=package.source),
        ],
    )


def _facts() -> ImageFacts:
    """A chain of packages, each with what a distribution tells of one."""
    packages = tuple(
        Package(
            type="deb",
            name=f"package-{number:05}",
            version=f"1.{number}-1+deb13u1",
            location=Location("var/lib/dpkg/status", number % 5),
            found_by="dpkg-db",
            purl=purl("deb", f"package-{number:05}", f"1.{number}-1+deb13u1", namespace="debian"),
            namespace="debian",
            arch="amd64",
            source=f"source-{number // 3:05}",
            source_version=f"1.{number}-1",
            licences=(("MIT", "GPL-2.0-or-later", "Apache-2.0", "BSD-3-Clause")[number % 4],),
            depends=(f"package-{number - 1:05}",) if number else (),
            maintainer=f"Maintainer {number % 300} <m{number % 300}@example.org>",
            hashes=(("sha256", f"{number:064x}"),),
        )
        for number in range(_COUNT)
    )
    return ImageFacts(
        reference="bench",
        digest="sha256:" + "1" * 64,
        config_digest="sha256:" + "2" * 64,
        config=ConfigFacts(),
        layers=tuple(Layer(index, f"sha256:{index:064x}", "", 1) for index in range(5)),
        packages=packages,
        files=(),
        secrets=(),
        accounts=(),
        os_release=None,
        unreadable=(),
        complete=True,
        entries=1,
        uncompressed_bytes=1,
        tool_version="0",
        scanned_at="2026-01-01T00:00:00Z",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
