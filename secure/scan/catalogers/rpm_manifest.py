"""Packages of distroless Azure Linux and CBL-Mariner images, which have no rpm database.

Source: Azure Linux toolkit, "distroless" images: one line for each package, made by `rpm -qa` with
tabs between name, version-release, two times, vendor, epoch, size, arch, epoch number, source rpm.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.rpm import source_of
from secure.scan.layer_facts import Record

_ABSENT = "(none)"  # how rpm prints a tag that a package does not have


def parse_manifest(file: FileView) -> Iterator[Record | Unreadable]:
    for number, line in enumerate(file.content.split(b"\n"), start=1):
        if not line.strip():
            continue
        columns = ["" if cell == _ABSENT else cell for cell in text(line).strip("\r").split("\t")]
        if len(columns) != 10 or not columns[0] or not columns[1]:
            yield file.unreadable(f"line {number} has no name and version in ten columns")
            continue
        name, version, _, _, vendor, epoch, _, arch, _, source_rpm = columns
        source, source_version = source_of(source_rpm)
        yield Record(
            Package(
                type="rpm",
                name=name,
                version=version,
                location=file.location,
                found_by=RPM_MANIFEST.name,
                arch=arch,
                source=source,
                source_version=source_version,
                maintainer=vendor,
                epoch=epoch,
                qualifiers=(("epoch", epoch), ("upstream", source_rpm)),
            )
        )


RPM_MANIFEST = Cataloger(
    name="rpm-manifest",
    version=1,
    wants=("var/lib/rpmmanifest/container-manifest-2",),
    max_bytes=8 * MIB,
    parse=parse_manifest,
)
