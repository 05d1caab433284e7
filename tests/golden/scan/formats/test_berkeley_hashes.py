"""Berkeley DB hashes, written by its own tool, of either byte order and several page sizes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from secure.scan.cataloger import FileView
from secure.scan.catalogers.rpm import parse_database
from secure.scan.formats import bdb, ndb
from secure.scan.layer_facts import Record

LITTLE, BIG = "db_lorder=1234", "db_lorder=4321"


def loaded(path: Path, pairs: list[tuple[bytes, bytes]], *settings: str) -> bytes:
    """A hash with these pairs.

    Skips:
        without the tool nobody writes one.
    """
    tool = shutil.which("db5.3_load")
    if tool is None:
        pytest.skip("db5.3_load is not installed (apt-get install db5.3-util)")
    lines = ["VERSION=3", "format=bytevalue", "type=hash", *settings, "HEADER=END"]
    for key, value in pairs:
        lines += [f" {key.hex()}", f" {value.hex()}"]
    text = "\n".join([*lines, "DATA=END", ""])
    subprocess.run([tool, str(path)], input=text, check=True, text=True, capture_output=True)
    return path.read_bytes()


def headers_of(shared: Path) -> list[bytes]:
    content = (shared / "rpmdb" / "sle15-bci" / "Packages.db").read_bytes()
    return [blob for blob in ndb.blobs(content) if isinstance(blob, bytes)]


@pytest.mark.parametrize("order", [LITTLE, BIG])
@pytest.mark.parametrize("page_size", [512, 4096, 65536])
def test_values_are_those_that_were_written(tmp_path: Path, order: str, page_size: int) -> None:
    # From values that share a page to values that take a chain of them.
    pairs = [
        (number.to_bytes(4, "little"), bytes([number % 251]) * (number * number % 20_000))
        for number in range(400)
    ]
    content = loaded(tmp_path / "Packages", pairs, order, f"db_pagesize={page_size}")
    found = [value for value in bdb.values(content) if isinstance(value, bytes)]
    assert sorted(found) == (sorted(value for _, value in pairs))


@pytest.mark.parametrize("order", [LITTLE, BIG])
def test_packages_of_suse_are_the_same_in_a_berkeley_hash(
    shared: Path, tmp_path: Path, order: str
) -> None:
    blobs = headers_of(shared)
    pairs = [(number.to_bytes(4, "little"), blob) for number, blob in enumerate(blobs, start=1)]
    pairs.append((bytes(4), len(blobs).to_bytes(4, "little")))  # rpm's own counter
    content = loaded(tmp_path / "Packages", pairs, order)
    found = list(parse_database(FileView(b"var/lib/rpm/Packages", content)))
    from_ndb = (shared / "rpmdb" / "sle15-bci" / "Packages.db").read_bytes()
    expected = list(parse_database(FileView(b"var/lib/rpm/Packages", from_ndb)))
    assert all(isinstance(item, Record) for item in found)
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert len(found) == 35
