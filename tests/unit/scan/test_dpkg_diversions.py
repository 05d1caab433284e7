"""A diverted file lies elsewhere: not missing, not changed, and nobody owns its old name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scanning import NOW, cache_folder, dpkg_record, file, layer

from secure.facts.image import ImageFacts, Unreadable
from secure.facts.ownership import FileClaims
from secure.images.source import open_image
from secure.images.write import LayerContent, write_oci_archive
from secure.oci.image_config import Execution
from secure.scan.cataloger import FileView
from secure.scan.catalogers.dpkg_diversions import DIVERSIONS, diverted, parse_diversions
from secure.scan.image import scan_image
from secure.scan.owned_files import OwnedFiles, owned_files

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"  # MD5 of nothing
SHELL = "/bin/sh\n/bin/sh.distrib\ndash\n"


def claims(folder: Path, *layers: LayerContent) -> FileClaims:
    path = str(folder / "image.tar")
    write_oci_archive(path, list(layers), Execution())
    with open_image(path) as image:
        facts: ImageFacts = scan_image(
            image, cache_dir=cache_folder().name, now=NOW, verify_files=True
        )
    assert facts.claims is not None
    return facts.claims


def test_a_diverted_file_is_compared_where_it_lies(tmp_path: Path) -> None:
    info = "var/lib/dpkg/info"
    found = claims(
        tmp_path,
        layer(
            file("var/lib/dpkg/status", dpkg_record("old", "1") + dpkg_record("dash", "1")),
            file(f"{info}/old.list", "/bin/sh\n"),
            file(f"{info}/old.md5sums", f"{EMPTY}  bin/sh\n"),
            file(f"{info}/dash.list", "/bin/sh\n"),
            file(DIVERSIONS.decode(), SHELL),
            file("bin/sh", "ours", mode=0o755),
            file("bin/sh.distrib", "", mode=0o755),
        ),
    )
    assert (found.missing, found.changed, found.unowned_executables) == ((), (), ())
    assert (found.claimed, found.verified) == (2, 1)


def test_a_diversion_of_the_administrator_moves_the_files_of_every_package() -> None:
    files = owned_files([(b"bin/sh", bytes(16)), (b"etc/x", b"1" * 16)], "md5", [b"etc/x"])
    told = owned_files((line, b"") for line in b"/etc/x /etc/x.old : /a /b dash".split())
    found = diverted(files, b"any", told)
    assert found.listed() == [b"bin/sh", b"etc/x.old"]
    assert dict(found.with_digests())[b"etc/x.old"] == b"1" * 16
    assert found.config == b"etc/x.old"


def test_without_diversions_nothing_changes() -> None:
    files = owned_files([(b"bin/sh", b"")])
    assert diverted(files, b"any", None) is files
    assert diverted(files, b"any", OwnedFiles()) is files


@pytest.mark.parametrize(
    "content", ["/a\n/b\n", "/a\n\ndash\n", "/a\n/b\ndash\n/c\n", "/\n/b\nx\n"]
)
def test_a_record_that_is_none_is_said(content: str) -> None:
    (wrong,) = parse_diversions(FileView(DIVERSIONS, content.encode()))
    assert isinstance(wrong, Unreadable)
    assert "three lines" in wrong.why


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_reported(content: bytes) -> None:
    for item in parse_diversions(FileView(DIVERSIONS, content)):
        if isinstance(item, OwnedFiles):
            diverted(owned_files([(b"bin/sh", b"")]), b"any", item)


def test_the_diversions_of_this_machine_are_those_of_dpkg() -> None:
    place = Path("/", DIVERSIONS.decode())
    if shutil.which("dpkg-divert") is None or not place.exists():
        pytest.skip("no diversions of dpkg here")
    asked = ["dpkg-divert", "--list"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    (found,) = parse_diversions(FileView(DIVERSIONS, place.read_bytes()))
    assert isinstance(found, OwnedFiles)
    lines = [line.decode() for line in found.listed()]
    told = {
        f"diversion of /{name} to /{to} by {by}"
        if by != ":"
        else f"local diversion of /{name} to /{to}"
        for name, to, by in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    }
    assert told == set(listed)
