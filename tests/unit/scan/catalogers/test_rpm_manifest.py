"""The package list of distroless Azure Linux, and names of source packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanning import file, layer, scanned

from secure.facts.image import Unreadable
from secure.scan.cataloger import FileView
from secure.scan.catalogers.rpm import source_of
from secure.scan.catalogers.rpm_manifest import parse_manifest

NAME = "var/lib/rpmmanifest/container-manifest-2"
LINE = (
    "openssl\t3.3.0-1.azl3\t1716\t1715\tMicrosoft Corporation\t1\t99\tx86_64\t1\t"
    "openssl-3.3.0-1.azl3.src.rpm\n"
)
NO_EPOCH = "prebuilt-ca\t1:3-1\t17\t17\t(none)\t(none)\t9\tnoarch\t0\tca-certificates-3-1.src.rpm\n"


def test_each_line_is_a_package(tmp_path: Path) -> None:
    release = 'ID=azurelinux\nVERSION_ID="3.0"\n'
    facts = scanned(tmp_path, [layer(file("etc/os-release", release), file(NAME, LINE + NO_EPOCH))])
    openssl, prebuilt = facts.packages
    assert openssl.purl == (
        "pkg:rpm/azurelinux/openssl@3.3.0-1.azl3?arch=x86_64&distro=azurelinux-3.0&epoch=1"
        "&upstream=openssl-3.3.0-1.azl3.src.rpm"
    )
    assert (openssl.epoch, openssl.maintainer) == ("1", "Microsoft Corporation")
    assert (prebuilt.epoch, prebuilt.maintainer, prebuilt.source) == ("", "", "ca-certificates")
    assert facts.complete


@pytest.mark.parametrize("line", ["x\t1", "\t1\t\t\t\t\t\t\t\t", LINE.strip() + "\tmore"])
def test_a_line_of_another_form_is_reported(line: str) -> None:
    (found,) = parse_manifest(FileView(NAME.encode(), line.encode()))
    assert isinstance(found, Unreadable)
    assert "line 1" in found.why


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bash-5.1.8-1.cm2.src.rpm", ("bash", "5.1.8-1.cm2")),
        ("java-1.8.0-openjdk-1.8.0-1.nosrc.rpm", ("java-1.8.0-openjdk", "1.8.0-1")),
        ("(none)", ("", "")),
        ("bash-1.src.rpm", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_source_package_is_told_by_the_name_of_its_file(
    name: str, expected: tuple[str, str]
) -> None:
    assert source_of(name) == expected
