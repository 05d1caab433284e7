"""SBOMs of real images: valid for every oracle, and read back with every package."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.xml import XmlValidator
from scanning import NOW, cache_folder
from spdx_python_model.bindings import v3_0_1 as spdx
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from secure.facts.image import ImageFacts
from secure.images.source import open_image
from secure.images.write import LayerContent, write_docker_archive
from secure.oci.image_config import Execution
from secure.report import compact_json, cyclonedx, cyclonedx_xml, spdx2, spdx3, spdx_tag_value
from secure.report.sbom_diff import differences
from secure.scan.image import scan_image
from secure.scan.sbom_in.facts import image_facts
from secure.scan.sbom_in.read import read_bom

# The library's parser generator leaves a file open where it may not write beside itself.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

WRITERS: list[Callable[..., bytes]] = [
    module.render
    for module in (cyclonedx, cyclonedx_xml, spdx2, spdx_tag_value, spdx3, compact_json)
]


def tar_of(shared: Path, name: str) -> bytes:
    if name == "sle15":  # a database alone: packages without a distribution
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as tar:
            tar.add(shared / "rpmdb/sle15-bci/Packages.db", "var/lib/rpm/Packages.db")
        return made.getvalue()
    path = shared / "images" / name
    raw = path.read_bytes()
    return lzma.decompress(raw) if name.endswith("xz") else gzip.decompress(raw)


@pytest.fixture(
    scope="module",
    params=[
        "debian-trixie-metadata.tar.xz",
        "alpine-minirootfs-3.20.3-x86_64.tar.gz",
        "sle15",
    ],
)
def facts(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> ImageFacts:
    path = str(tmp_path_factory.mktemp("image") / "image.tar")
    content = LayerContent(tar_of(shared, request.param), "ADD rootfs", "plain")
    write_docker_archive(path, [content], Execution())
    with open_image(path) as image:
        found = scan_image(image, cache_dir=cache_folder().name, now=NOW)
    assert len(found.packages) > 10
    return found


def test_cyclonedx_is_valid(facts: ImageFacts) -> None:
    made = cyclonedx_xml.render(facts, timestamp=NOW)
    assert XmlValidator(SchemaVersion.V1_6).validate_str(made.decode()) is None


@pytest.mark.parametrize("ending", [".spdx.json", ".spdx"])
def test_spdx_2_is_valid(facts: ImageFacts, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"bom{ending}"
    render = spdx2.render if ending == ".spdx.json" else spdx_tag_value.render
    path.write_bytes(render(facts, timestamp=NOW))
    found = validate_full_spdx_document(parse_file(str(path)))
    assert [one.validation_message for one in found] == []


def test_spdx_3_is_valid(facts: ImageFacts) -> None:
    found = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(spdx3.render(facts, timestamp=NOW)), found)
    assert found.link() == set()


@pytest.mark.parametrize("render", WRITERS, ids=lambda render: render.__module__)
def test_every_package_comes_back_with_what_matching_needs(
    facts: ImageFacts, render: Callable[..., bytes]
) -> None:
    bom = read_bom(render(facts, timestamp=NOW), "the SBOM")
    again = image_facts(bom, facts.reference, tool_version="0", now=NOW)
    assert differences(facts.packages, again.packages) == ()

    def matching(one: ImageFacts) -> list[tuple[object, ...]]:
        return sorted(
            (p.purl, p.type, p.arch, p.epoch, p.source, p.source_version, p.modularity, p.depends)
            for p in one.packages
        )

    assert matching(again) == matching(facts)
