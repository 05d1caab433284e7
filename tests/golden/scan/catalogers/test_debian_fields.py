"""Fields of Debian packages against what dpkg-query reads from the same database."""

from __future__ import annotations

import io
import lzma
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from scanning import scanned

from secure.facts.image import ImageFacts
from secure.facts.package import Package
from secure.images.write import LayerContent

IMAGES = ("debian-bookworm-nginx-git-metadata", "debian-trixie-metadata")
FORMAT = (
    "${Package}\\t${Version}\\t${Architecture}\\t${Essential}\\t${Homepage}\\t${Maintainer}\\t"
    "${source:Package}\\t${source:Version}\\n"
)


@pytest.fixture(scope="session", params=IMAGES)
def tar(request: pytest.FixtureRequest, shared: Path) -> bytes:
    return lzma.decompress((shared / "images" / f"{request.param}.tar.xz").read_bytes())


@pytest.fixture
def facts(tar: bytes, tmp_path: Path) -> ImageFacts:
    return scanned(tmp_path, [LayerContent(tar, "ADD rootfs", "plain")])


def row(package: Package) -> tuple[str, ...]:
    return (
        package.name, package.version, package.arch, "yes" if package.essential else "no",
        package.homepage, package.maintainer, package.source, package.source_version,
    )  # fmt: skip


def test_every_field_is_what_dpkg_query_reads(
    tar: bytes, facts: ImageFacts, tmp_path: Path
) -> None:
    if shutil.which("dpkg-query") is None:
        pytest.skip("dpkg-query is not installed (apt-get install dpkg)")
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        member = next(m for m in archive if m.name.endswith("var/lib/dpkg/status"))
        status = archive.extractfile(member)
        assert status is not None
        (tmp_path / "status").write_bytes(status.read())
    query = ["dpkg-query", f"--admindir={tmp_path}", "-W", "-f", FORMAT]
    listed = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    found = [row(package) for package in facts.packages if package.type == "deb"]
    assert sorted(found) == sorted(tuple(line.split("\t")) for line in listed.splitlines())
    assert sum(package.essential for package in facts.packages) >= 20


def test_most_packages_have_licences_from_their_copyright_file(facts: ImageFacts) -> None:
    packages = [package for package in facts.packages if package.type == "deb"]
    told = {package.name: package.licences_found for package in packages if package.licences_found}
    assert len(told) > 0.75 * len(packages)
    # Compared by hand with usr/share/doc/NAME/copyright of that image.
    assert told["zlib1g"] == ("Zlib",)
    assert "GPL-2.0-or-later" in told["dpkg"]
    assert "Artistic-1.0" in told["perl-base"]
