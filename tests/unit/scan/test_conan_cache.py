"""The cache of Conan 2, as its own table lists it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from catalogued import catalogued, told
from hypothesis import given, settings
from hypothesis import strategies as st
from scanning import NOW, cache_folder, file, layer, scanned

from secure.images.source import open_image
from secure.scan.image import scan_image

PLACE = "root/.conan2/p/cache.sqlite3"
REVISION, BINARY = "0123456789abcdef" * 2, "fedcba9876543210" * 2
TABLES = """
CREATE TABLE recipes (reference text NOT NULL, rrev text NOT NULL, path text NOT NULL UNIQUE,
timestamp real NOT NULL, lru integer NOT NULL , UNIQUE(reference, rrev));
CREATE TABLE packages (reference text NOT NULL, rrev text NOT NULL, pkgid text, prev text,
path text NOT NULL UNIQUE, timestamp real NOT NULL, build_id text, lru integer NOT NULL ,
UNIQUE(reference, rrev, pkgid, prev));
"""


def cache(*references: str) -> bytes:
    """The table as Conan makes it, with one binary of each reference."""
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    for number, reference in enumerate(references):
        row = (reference, REVISION, f"{number}" * 40, BINARY, f"b/x{number}", 1.5, None, 1)
        database.execute("INSERT INTO packages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        recipe = (reference, REVISION, f"r{number}", 1.5, 1)
        database.execute("INSERT OR IGNORE INTO recipes VALUES (?, ?, ?, ?, ?)", recipe)
    database.commit()
    content = database.serialize()
    database.close()
    return content


def test_each_package_is_told_once_however_many_binaries_it_has() -> None:
    packages, wrong = catalogued(PLACE, cache("zlib/1.3.1", "zlib/1.3.1", "ours/2.0@acme/stable"))
    assert told(packages) == ["conan:zlib@1.3.1", "conan:acme/ours@2.0"]
    assert dict(packages[1].qualifiers) == {"channel": "stable", "rrev": REVISION}
    assert wrong == []


def test_a_lock_file_asks_for_what_the_cache_has(tmp_path: Path) -> None:
    lock = json.dumps({"version": "0.5", "requires": [f"zlib/1.3.1#{REVISION}%1680000000.5"]})
    files = file(PLACE, cache("zlib/1.3.1")), file("src/conan.lock", lock)
    (found,) = scanned(tmp_path, [layer(*files)]).packages
    assert (found.location.path, found.declared) == (PLACE, False)
    assert [place.path for place in found.also_at] == ["src/conan.lock"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no SQLite 3 database"),
        (cache("zlib/1.3.1")[:4096], "lies outside the database"),
        (cache("zlib"), '"zlib#'),
    ],
)
def test_what_can_not_be_read_is_said(content: bytes, why: str) -> None:
    packages, wrong = catalogued(PLACE, content)
    assert packages == []
    assert wrong
    assert why in wrong[0]


@settings(max_examples=200)
@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_table_is_read_or_reported(at: int, damage: bytes) -> None:
    content = bytearray(cache("zlib/1.3.1", "ours/2.0@acme/stable"))
    content[at % len(content) : at % len(content) + len(damage)] = damage
    packages, wrong = catalogued(PLACE, bytes(content))
    assert all(package.name and package.version for package in packages)
    assert all(why.isprintable() for why in wrong)


def test_the_list_is_that_of_conan_itself(tmp_path: Path) -> None:
    conan = shutil.which("conan")
    if conan is None:
        pytest.skip("no conan here")
    environment = os.environ | {"CONAN_HOME": str(tmp_path / "image/opt/conan")}

    def run(*words: str) -> str:
        done = subprocess.run(
            [conan, *words], cwd=tmp_path, env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-500:]
        return done.stdout

    run("profile", "detect")
    for name, more in (("zl/1.2.13", ""), ("ours/2.0@acme/stable", 'requires = "zl/1.2.13"')):
        folder = tmp_path / name.partition("/")[0]
        folder.mkdir()
        title, _, channel = name.partition("@")
        (folder / "conanfile.py").write_text(
            "from conan import ConanFile\n\n\nclass Recipe(ConanFile):\n"
            f'    name, version = "{title.partition("/")[0]}", "{title.partition("/")[2]}"\n'
            + ('    user, channel = "acme", "stable"\n' if channel else "")
            + f"    {more}\n"
        )
        run("create", str(folder))
    use = tmp_path / "image/src"
    use.mkdir()
    (use / "conanfile.txt").write_text("[requires]\nours/2.0@acme/stable\n")
    run("lock", "create", str(use), "--lockfile-out", str(use / "conan.lock"))
    (use / "conanfile.txt").unlink()
    listed = json.loads(run("list", "*:*", "--format=json"))["Local Cache"]
    with open_image(str(tmp_path / "image")) as image:
        facts = scan_image(image, cache_dir=cache_folder().name, now=NOW)
    found = {
        f"{p.name}/{p.version}" + (f"@{p.namespace}/{dict(p.qualifiers)['channel']}" if p.namespace
        else ""): dict(p.qualifiers)["rrev"]
        for p in facts.packages
        if p.type == "conan"
    }  # fmt: skip
    assert len(listed) == 2
    assert found == {name: next(iter(told["revisions"])) for name, told in listed.items()}
    assert [len(p.also_at) for p in facts.packages if p.type == "conan"] == [1, 1]
