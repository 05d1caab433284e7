"""What RECORD says about the files of Python packages, and whose a file then is."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scanning import dpkg_record, file, layer, scanned

from secure.facts.image import ImageFacts, Unreadable
from secure.images.write import NewFile
from secure.scan.cataloger import FileView
from secure.scan.catalogers.python_record import parse_record
from secure.scan.owned_files import OwnedFiles

SITE = "usr/lib/python3/dist-packages"
DIGEST = hashlib.sha256(b"x").digest()
HASH = "sha256=" + base64.urlsafe_b64encode(DIGEST).decode().rstrip("=")


def read(content: str, name: str = f"{SITE}/a-1.dist-info/RECORD") -> tuple[list[str], list[str]]:
    """The names with a digest, and the reasons for what could not be read."""
    found = list(parse_record(FileView(name.encode(), content.encode())))
    names = [
        name.decode()
        for item in found
        if isinstance(item, OwnedFiles)
        for name, digest in item.with_digests()
        if digest == DIGEST
    ]
    return names, [item.why for item in found if isinstance(item, Unreadable)]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.py", f"{SITE}/a/b.py"),
        ("../../../bin/a", "usr/bin/a"),
        ("/etc/a.conf", "etc/a.conf"),
        ('"a/with, comma and ""quote"".py"', f'{SITE}/a/with, comma and "quote".py'),
        ("./a/../b..py", f"{SITE}/b..py"),
        ("../../bin/a", f"{SITE}/bin/a"),
    ],
)
def test_paths_are_told_from_the_root(path: str, name: str) -> None:
    assert read(f"{path},{HASH},1\r\na/__pycache__/b.pyc,,\na-1.dist-info/RECORD,,\n") == (
        [name],
        [],
    )


def test_a_script_of_the_home_scheme_is_where_it_says() -> None:
    assert read(f"../../bin/a,{HASH},1\n", "srv/lib/python/a.dist-info/RECORD")[0] == ["srv/bin/a"]


@pytest.mark.parametrize(
    "line",
    [
        f"../../../../../../etc/passwd,{HASH},1",
        f",{HASH},1",
        "a.py,md5=abc,1",
        "a.py,sha256=abc,1",
        "a.py,sha256=\xff,1",
        f"a\0b.py,{HASH},1",
    ],
)
def test_lines_that_make_no_sense_are_counted(line: str) -> None:
    names, (why,) = read(f"{line}\n{line}\nb.py,{HASH},1\n")
    assert names == [f"{SITE}/b.py"]
    assert why == "2 lines have no path inside the image with its SHA-256"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_reported(content: bytes) -> None:
    *_, files = parse_record(FileView(b"a/b.dist-info/RECORD", content))
    assert isinstance(files, OwnedFiles)
    assert not any(name.startswith(b"../") for name in files.listed())


def python(*paths: str) -> list[NewFile]:
    lines = "".join(f"{path},{HASH},1\n" for path in paths)
    return [
        file(f"{SITE}/a-1.dist-info/METADATA", "Name: a\nVersion: 1\n\n"),
        file(f"{SITE}/a-1.dist-info/RECORD", lines),
    ]


def owners(facts: ImageFacts) -> dict[str, str]:
    return {p.name: p.owner.partition("?")[0] for p in facts.packages}


def test_what_a_python_package_bundles_stays_a_package_of_its_own(tmp_path: Path) -> None:
    bundled = "a/static/node_modules/b/package.json"
    facts = scanned(tmp_path, [layer(
        *python(bundled, "a-1.dist-info/METADATA"),
        file(f"{SITE}/{bundled}", '{"name": "b", "version": "2"}'),
    )])  # fmt: skip
    assert owners(facts) == {"a": "", "b": ""}


def test_a_distribution_that_claims_the_same_files_is_the_owner(tmp_path: Path) -> None:
    metadata = f"{SITE}/a-1.dist-info/METADATA"
    facts = scanned(tmp_path, [layer(
        *python("a-1.dist-info/METADATA", "a/gone.py"),
        file("var/lib/dpkg/status", dpkg_record("python3-a", "1")),
        file("var/lib/dpkg/info/python3-a.list", f"/{metadata}\n"),
    )])  # fmt: skip
    assert owners(facts) == {"python3-a": "", "a": "pkg:deb/debian/python3-a@1"}
    assert facts.claims is not None
    assert [one.path for one in facts.claims.missing] == [f"{SITE}/a/gone.py"]


def test_executables_of_nobody_are_told_only_beside_a_distribution(tmp_path: Path) -> None:
    program = NewFile(b"usr/bin/mine", b"x", mode=0o755)
    facts = scanned(tmp_path, [layer(*python("../../../bin/mine2"), program)])
    assert facts.claims is not None
    assert facts.claims.unowned_executables == ()
