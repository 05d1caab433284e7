"""The zips that Yarn 2 and later runs packages from, and what its Plug'n'Play names."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from catalogued import catalogued, told
from hypothesis import given
from hypothesis import strategies as st
from scanning import NOW, cache_folder
from yarn_files import DATA, SCRIPTS

from secure.facts.image import ImageFacts
from secure.images.source import open_image
from secure.scan.image import scan_image

CACHED = "srv/.yarn/cache/ms-npm-2.1.2-ec0c1512ff-a437714e2f.zip"


def archive(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return made.getvalue()


def package(name: str, version: str, **more: object) -> str:
    return json.dumps({"name": name, "version": version, **more})


def scan(folder: Path) -> ImageFacts:
    with open_image(str(folder)) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW)


def test_a_zip_of_the_cache_is_an_installed_package_with_what_it_bundles() -> None:
    content = archive({
        "node_modules/@acme/a/package.json": package("@acme/a", "1.0.0", license="MIT"),
        "node_modules/@acme/a/lib/package.json": '{"type": "module"}',
        "node_modules/@acme/a/node_modules/b/package.json": package("b", "2.0.0"),
        "node_modules/@acme/a/test/node_modules/made-up/package.json": package("made-up", "3.0.0"),
    })  # fmt: skip
    packages, unreadable = catalogued(CACHED, content)
    assert (told(packages), unreadable) == (["npm:@acme/a@1.0.0", "npm:b@2.0.0"], [])
    assert packages[0].licences == ("MIT",)
    assert packages[0].found_by == "yarn-cache"
    assert packages[1].location.path == (
        f"{CACHED}!/node_modules/@acme/a/node_modules/b/package.json"
    )


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"readme.md": "x"}, "holds no package of Node"),
        ({"node_modules/a/package.json": "{"}, "is no JSON"),
        ({"node_modules/a/../../node_modules/b/package.json": package("b", "1")}, "elsewhere"),
        ({"node_modules//b/package.json": package("b", "1")}, "leads elsewhere"),
    ],
)
def test_a_zip_that_is_none_of_yarns_is_named(files: dict[str, str], why: str) -> None:
    packages, unreadable = catalogued(CACHED, archive(files))
    assert packages == []
    assert why in " / ".join(unreadable)


def test_a_zip_that_swells_or_ends_early_is_named() -> None:
    whole = archive({"node_modules/a/package.json": package("a", "1.0.0", x="0" * 2_000_000)})
    assert "more than 1048576 bytes" in catalogued(CACHED, whole)[1][0]
    cut = archive({"node_modules/a/package.json": package("a", "1.0.0")})[:-30]
    packages, unreadable = catalogued(CACHED, cut)
    assert told(packages) == ["npm:a@1.0.0"]
    assert "ends" in unreadable[0]


def test_a_script_without_the_data_leaves_it_to_the_file_beside_it() -> None:
    script = 'hydrateRuntimeState(JSON.parse(fs.readFileSync(".pnp.data.json")))'
    assert catalogued("srv/.pnp.cjs", script) == ([], [])


def test_a_package_from_a_repository_says_so() -> None:
    forked = catalogued("srv/.pnp.data.json", DATA)[0][-1]
    assert forked.qualifiers == (
        ("vcs_url", "git+https://github.com/acme/forked.git@0123456789"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("module.exports = {}", "is no script of Yarn"),
        (SCRIPTS["4"][:400], "is no JSON"),
        (SCRIPTS["2"][:400], "is no JSON"),
        ("{}", 'no "packageRegistryData"'),
        ('{"packageRegistryData": [["a", [["npm:", {}]]]]}', "no version"),
    ],
)
def test_what_is_no_plug_n_play_is_reported(content: str, why: str) -> None:
    packages, unreadable = catalogued("srv/.pnp.cjs", content)
    assert packages == []
    assert why in unreadable[0]


def test_a_package_in_cache_lock_file_and_script_is_one_in_three_places(tmp_path: Path) -> None:
    app = tmp_path / "srv"
    (app / ".yarn/cache").mkdir(parents=True)
    (app / ".pnp.data.json").write_text(DATA)
    (app / "yarn.lock").write_text('ms@2.1.2:\n  version "2.1.2"\n')
    zipped = archive({"node_modules/ms/package.json": package("ms", "2.1.2")})
    (app / ".yarn/cache/ms.zip").write_bytes(zipped)
    (found,) = (p for p in scan(tmp_path).packages if p.name == "ms" and p.version == "2.1.2")
    assert not found.declared
    assert found.location.path == "srv/.yarn/cache/ms.zip!/node_modules/ms/package.json"
    assert [place.path for place in found.also_at] == ["srv/.pnp.data.json", "srv/yarn.lock"]


def test_a_package_that_is_unpacked_is_not_counted_again_for_its_zip(tmp_path: Path) -> None:
    zipped = archive({"node_modules/ms/package.json": package("ms", "2.1.2")})
    for place in ("a", "b"):
        folder = tmp_path / place / "node_modules/ms"
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(package("ms", "2.1.2"))
    (tmp_path / ".yarn/cache").mkdir(parents=True)
    (tmp_path / ".yarn/cache/ms.zip").write_bytes(zipped)
    first, second = scan(tmp_path).packages
    assert [place.path for place in first.also_at] == [
        ".yarn/cache/ms.zip!/node_modules/ms/package.json"
    ]
    assert (first.found_by, second.found_by) == ("npm-installed", "npm-installed")


WHOLE = archive({"node_modules/a/package.json": package("a", "1.0.0", license="MIT")})


@given(st.data())
def test_a_changed_zip_is_read_or_reported(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + 1] = data.draw(st.binary(max_size=4))
    packages, unreadable = catalogued(CACHED, bytes(content))
    assert packages or unreadable
    assert all(one.version for one in packages)
    assert all(why.isprintable() for why in unreadable)
