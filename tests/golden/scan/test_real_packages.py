"""Packages of real images against lists made by the distributions' own tools and by trivy."""

from __future__ import annotations

import json
import lzma
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from scanning import NOW, cache_folder

from secure.facts.image import ImageFacts
from secure.facts.package import counted_once
from secure.images.source import open_image
from secure.images.write import LayerContent, write_docker_archive
from secure.oci.image_config import Execution
from secure.scan.image import scan_image

ALPINE = (
    "20240923-x86_64", "3.11.13-x86_64", "3.14.10-x86_64", "3.18.9-x86_64", "3.20.3-aarch64",
    "3.20.3-x86_64", "3.6.5-x86_64", "3.9.6-x86_64",
)  # fmt: skip
Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    head, *lines = path.read_text().splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def facts_of_tar(folder: Path, tar: bytes) -> ImageFacts:
    path = str(folder / "image.tar")
    write_docker_archive(path, [LayerContent(tar, "ADD rootfs", "plain")], Execution())
    return facts_of(path)


def facts_of(path: str) -> ImageFacts:
    with open_image(path) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW)


def gunzip(path: Path) -> bytes:
    import gzip

    return gzip.decompress(path.read_bytes())


@pytest.mark.parametrize("version", ALPINE)
def test_alpine_packages_are_those_of_its_database(
    shared: Path, tmp_path: Path, version: str
) -> None:
    base = shared / "images" / f"alpine-minirootfs-{version}"
    facts = facts_of_tar(tmp_path, gunzip(base.with_name(base.name + ".tar.gz")))
    found = {
        (p.name, p.version, p.arch, p.source, "".join(p.licences))
        for p in facts.packages
        if not p.owner
    }
    expected = rows(base.with_name(base.name + ".expected.tsv"))
    keys = ("package", "version", "arch", "origin", "license")
    assert found == {tuple(row[key] for key in keys) for row in expected}
    assert facts.complete
    assert facts.unreadable == ()
    assert facts.secrets == ()
    assert facts.os_release is not None
    assert facts.os_release.id == "alpine"


@pytest.mark.parametrize(
    ("image", "listed", "count"),
    [
        ("debian-trixie-essential-rootfs", "debian-trixie", 59),
        ("debian-trixie-metadata", "debian-trixie", 59),
        ("debian-bookworm-nginx-git-metadata", "debian-bookworm-nginx-git", 138),
    ],
)
def test_debian_packages_are_those_dpkg_query_lists(
    shared: Path, tmp_path: Path, image: str, listed: str, count: int
) -> None:
    tar = lzma.decompress((shared / "images" / f"{image}.tar.xz").read_bytes())
    facts = facts_of_tar(tmp_path, tar)
    found = {
        (p.name, p.version, p.arch, p.source, p.source_version)
        for p in facts.packages
        if not p.owner
    }
    expected = rows(shared / "images" / f"{listed}.expected.tsv")
    keys = ("package", "version", "arch", "source", "source_version")
    assert found == {tuple(row[key] for key in keys) for row in expected}
    assert counted_once(facts.packages) == count
    assert facts.complete
    assert facts.secrets == ()


def test_every_debian_dependency_is_an_installed_package(shared: Path, tmp_path: Path) -> None:
    tar = lzma.decompress((shared / "images" / "debian-trixie-metadata.tar.xz").read_bytes())
    packages = facts_of_tar(tmp_path, tar).packages
    names = {p.name for p in packages}
    assert all(set(p.depends) <= names for p in packages)
    bash = next(p for p in packages if p.name == "base-files")
    assert bash.depends == ("mawk",)  # it asks for "awk", which mawk provides


def test_a_docker_archive_has_the_packages_trivy_lists(shared: Path) -> None:
    golden = "pkg/fanal/test/integration/testdata/goldens/packages/alpine-310.json.golden"
    with zipfile.ZipFile(shared / "manifests" / "trivy-package-goldens-a.zip") as archive:
        expected = json.loads(archive.read(golden))
    facts = facts_of(str(shared / "images" / "docker-archive-alpine-310.tar.gz"))
    # The list was made from an earlier build of 3.10 (libssl 1.1.1c, the archive has 1.1.1d) and
    # rewrites licences: names and sources are what both have to agree on.
    found = [(p.name, p.source) for p in facts.packages if not p.owner]
    assert sorted(found) == sorted((p["Name"], p["SrcName"]) for p in expected)
    needs = {p.name: p.depends for p in facts.packages if not p.owner}
    # D: lines of that database, each word looked up among its P: and p: lines by hand.
    assert needs["alpine-baselayout"] == ("busybox", "musl")
    assert needs["libssl1.1"] == ("libcrypto1.1", "musl")
    assert needs["libc-utils"] == ("musl-utils",)
    assert needs["musl"] == ()


def test_the_shells_of_busybox_are_seen_in_a_real_oci_image(shared: Path) -> None:
    facts = facts_of(str(shared / "images" / "busybox-latest-musl-amd64.oci.tar"))
    shells = {f.location.path for f in facts.files if "shell" in f.tags}
    assert shells >= {"bin/sh", "bin/ash"}


def test_facts_of_a_plain_directory_are_those_of_its_tar(shared: Path, tmp_path: Path) -> None:
    tar = shared / "images" / "alpine-minirootfs-3.20.3-x86_64.tar.gz"
    root = tmp_path / "root"
    root.mkdir()
    if shutil.which("tar") is None:
        pytest.skip("no tar program here")
    subprocess.run(["tar", "xzf", str(tar), "-C", str(root)], check=True)
    from_directory, from_tar = facts_of(str(root)), facts_of_tar(tmp_path, gunzip(tar))
    assert from_directory.packages == from_tar.packages
    assert from_directory.complete
    assert {f.location.path for f in from_directory.files} == {
        f.location.path for f in from_tar.files
    }


def test_false_positives_are_fewer_than_one_in_a_thousand_files(
    shared: Path, tmp_path: Path
) -> None:
    """Installed wheels: the code with the most words like "password" that this machine has."""
    import isal

    site_packages = Path(isal.__file__).parents[1]
    facts = facts_of(str(site_packages))
    serious = [s for s in facts.secrets if s.severity in ("critical", "high")]
    assert facts.entries > 1_000
    assert len(serious) / facts.entries < 1 / 1_000
