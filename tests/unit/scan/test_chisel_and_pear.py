"""Manifests of chisel, and values of PHP: what they say, and what hostile ones lead to."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import zstandard
from catalogued import catalogued, told, wanting
from hypothesis import given
from hypothesis import strategies as st
from scanning import file, layer, scanned

from secure.errors import DocumentError
from secure.images.write import NewFile
from secure.scan.cataloger import FileView
from secure.scan.formats.php_serialized import php_tree
from secure.scan.layer_facts import Record

WALL = "var/lib/chisel/manifest.wall"
RELEASE = file("etc/os-release", 'ID=ubuntu\nVERSION_ID="24.04"\n')


def manifest(*lines: dict[str, object]) -> bytes:
    head = {"jsonwall": "1.0", "schema": "1.0", "count": len(lines)}
    return zstandard.compress(b"".join(json.dumps(one).encode() + b"\n" for one in (head, *lines)))


def path(name: str, part: str, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    return {"kind": "path", "path": name, "mode": "0644", "slices": [part], "sha256": digest}


def test_a_package_of_chisel_owns_what_its_slices_brought(tmp_path: Path) -> None:
    content = manifest(
        {"kind": "package", "name": "libc6", "version": "2.39-0ubuntu8", "arch": "amd64"},
        {"kind": "slice", "name": "libc6_libs"},
        path("/usr/lib/libc.so.6", "libc6_libs", b"x"),
        path("/usr/lib/gone.so", "libc6_libs", b"x"),
        {"kind": "path", "path": "/tmp/", "mode": "01777", "slices": ["base-files_tmp"]},
    )
    program = NewFile(b"usr/lib/libc.so.6", b"x", mode=0o755)
    facts = scanned(tmp_path, [layer(RELEASE, NewFile(WALL.encode(), content), program)])
    (found,) = facts.packages
    assert facts.complete
    assert [one.path for one in facts.unreadable] == [f"{WALL}!/source"]
    assert found.purl == "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=amd64&distro=ubuntu-24.04"
    assert facts.claims is not None
    assert [one.path for one in facts.claims.missing] == ["usr/lib/gone.so"]
    assert facts.claims.unowned_executables == ()


def test_a_package_that_is_named_often_owns_its_files_once() -> None:
    package: dict[str, object] = {"kind": "package", "name": "a", "version": "1"}
    paths = [path(f"/usr/{number}", "a_libs", b"x") for number in range(500)]
    content = manifest(*[package] * 500, *paths)
    found = wanting(WALL).parse(FileView(WALL.encode(), content))
    owned = [one.files.names for one in found if isinstance(one, Record) and one.files]
    counts = [len(names.split(b"\0")) for names in owned]
    assert sum(counts) < 1_001


def test_empty_lines_are_not_held_together() -> None:
    content = zstandard.compress(b'{"jsonwall":"1.0"}\n' + b"{}\n" * 300_000)
    tracemalloc.start()
    try:
        packages, _ = catalogued(WALL, content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert packages == []
    assert most < 48 << 20  # 32 MiB are the most that is unpacked


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no manifest of chisel"),
        (b"not zstd", "is no zstd stream"),
        (zstandard.compress(b"{}\n"), "is no manifest of chisel"),
        (zstandard.compress(b"[1]\n"), "is no manifest of chisel: Expected"),
        (zstandard.compress(b" " * (64 << 20)), "over 33554432 bytes unpacked"),
        (manifest({"kind": "package", "name": "a"}), '"a" has no version'),
    ],
    ids=["empty", "text", "no head", "a list", "a bomb", "no version"],
)
def test_a_manifest_that_is_none_is_named(content: bytes, why: str) -> None:
    packages, unreadable = catalogued(WALL, content)
    assert packages == []
    assert why in unreadable[0]


def test_a_damaged_manifest_makes_the_facts_incomplete(tmp_path: Path) -> None:
    assert not scanned(tmp_path, [layer(RELEASE, file(WALL, "x"))]).complete


@given(st.binary(max_size=300))
def test_any_bytes_are_reported(content: bytes) -> None:
    found = list(wanting(WALL).parse(FileView(WALL.encode(), zstandard.compress(content))))
    assert found
    assert not any(isinstance(item, Record) for item in found)


def test_the_manifest_of_ubuntu_names_its_packages(shared: Path) -> None:
    with zipfile.ZipFile(shared / "manifests/osv-scalibr-extractor-testdata.zip") as archive:
        content = archive.read("extractor/filesystem/os/chisel/testdata/chisel/openssl.wall")
    packages, unreadable = catalogued(WALL, content)
    assert told(packages) == [
        "deb:base-files@13ubuntu10.2", "deb:libc6@2.39-0ubuntu8.4",
        "deb:libssl3t64@3.0.13-0ubuntu3.5", "deb:openssl@3.0.13-0ubuntu3.5",
    ]  # fmt: skip
    assert [why[:31] for why in unreadable] == ["chisel names no source packages"]


def test_values_of_php_are_trees() -> None:
    value = b'a:3:{i:0;s:3:"a;b";s:1:"k";a:1:{s:0:"";N;}s:1:"f";d:-1.5E+10;}'
    assert php_tree(value) == {"0": "a;b", "k": {"": None}, "f": "-1.5E+10"}


@pytest.mark.parametrize(
    "value",
    [
        b"", b"x", b'O:8:"stdClass":0:{}', b's:9:"abc";', b"a:1:{i:0;}", b"a:99999999:{",
        b"a:1:{i:0;" * 40, b's:3:"abc"', b"r:1;",
    ],
)  # fmt: skip
def test_what_is_no_value_of_php_is_refused(value: bytes) -> None:
    with pytest.raises(DocumentError, match="is no value of PHP"):
        php_tree(value)


KEYS = st.text(max_size=9).filter(lambda key: key != "None")
VALUES = st.recursive(
    st.none() | st.text(max_size=20),
    lambda inner: st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def serialized(value: object) -> bytes:
    if isinstance(value, dict):
        inner = b"".join(serialized(key) + serialized(item) for key, item in value.items())
        return b"a:%d:{%b}" % (len(value), inner)
    if isinstance(value, str):
        raw = value.encode()
        return b's:%d:"%b";' % (len(raw), raw)
    return b"N;"


@given(VALUES)
def test_what_php_writes_is_read_back(value: object) -> None:
    assert php_tree(serialized(value)) == value
