"""Every program that syft keeps a piece of, told by that piece; and what only looks like one."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure.facts.package import Package
from secure.scan.classified import Classified
from secure.scan.classifiers import SCRIPTS
from secure.scan.classifiers.classifier import by_file

FOLDER = "syft/pkg/cataloger/binary/testdata/classifiers/"
MARK = b"### byte snippet to follow ###\n"
# What a folder of theirs is called, where that is not the version.
SPELLED = {
    ("erlang", "26.2.0.0"): "26.2",
    ("go-version-hint", "1.15w"): "1.15",
    ("go-version-hint", "1.25w"): "1.25",
}
SCRIPTS_BY_FILE = by_file(SCRIPTS)


@pytest.fixture(scope="module")
def pieces(shared: Path) -> dict[str, bytes]:
    """Pieces by their names: "snippets/PROGRAM/VERSION/PLATFORM/FILE", "negative/FILE"."""
    with zipfile.ZipFile(shared / "manifests/syft-cataloger-testdata.zip") as archive:
        return {
            name.removeprefix(FOLDER): archive.read(name).partition(MARK)[2] or archive.read(name)
            for name in archive.namelist()
            if name.startswith(FOLDER) and not name.endswith("/")
        }


def found(name: str, content: bytes) -> Iterator[Package]:
    for classified in (Classified(name.encode()), Classified(name.encode(), SCRIPTS_BY_FILE)):
        classified.look(content)
        yield from (record.package for record in classified.records())


def plain(version: str) -> str:
    """Without "v" and without what tells builds of one version apart."""
    return version.lstrip("v").partition("+")[0].partition("-")[0]


def test_every_program_is_told_with_its_version(pieces: dict[str, bytes]) -> None:
    told: dict[tuple[str, str], set[str]] = {}
    for name, content in pieces.items():
        if name.startswith("snippets/"):
            _, program, version, _, *inner = name.split("/")
            versions = {plain(one.version) for one in found("/".join(("x", *inner)), content)}
            told.setdefault((program, version), set()).update(versions)
    missing = [
        key for key, versions in told.items() if SPELLED.get(key, plain(key[1])) not in versions
    ]
    assert missing == []
    assert len(told) > 200


def test_what_only_looks_like_a_program_is_none(pieces: dict[str, bytes]) -> None:
    negative = {name: content for name, content in pieces.items() if name.startswith("negative/")}
    assert len(negative) >= 5
    assert [p for name, content in negative.items() for p in found(name, content)] == []
