"""Packages of other ecosystems as Debian ships them: names of folders and Debian's own versions
are the oracle.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from scanning import NOW, cache_folder

from secure.facts.package import Package
from secure.images.source import open_image
from secure.scan.image import scan_image

PACKAGES = ("elixir", "erlang-base", "libghc-random-dev", "r-cran-jsonlite")
_UPSTREAM = re.compile(r"(?:\d+:)?(.+?)(?:[+.]dfsg.*)?-[^-]+")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of those packages in one directory, none of them installed."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip("no apt-get and dpkg-deb here")
    folder = tmp_path_factory.mktemp("debs")
    run = subprocess.run(
        ["apt-get", "-q", "download", *PACKAGES],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        pytest.skip(f"apt-get could not download: {run.stderr[-200:]}")
    for archive in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, folder / "root"], check=True)
    return folder / "root"


@pytest.fixture(scope="module")
def packages(root: Path) -> tuple[Package, ...]:
    with open_image(str(root)) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW).packages


def versions(root: Path) -> dict[str, str]:
    """Debian's upstream version of each package."""
    names = (one.stem.split("_") for one in root.parent.glob("*.deb"))
    found = {name: _UPSTREAM.fullmatch(version.replace("%3a", ":")) for name, version, _ in names}
    return {name: match[1] for name, match in found.items() if match}


def test_erlang_applications_are_those_of_the_folders(
    root: Path, packages: tuple[Package, ...]
) -> None:
    folders = (one.parts[-3] for one in root.glob("usr/lib/erlang/lib/*/ebin/*.app"))
    expected = {tuple(one.rsplit("-", 1)) for one in folders}
    found = {
        (p.name, p.version)
        for p in packages
        if p.type == "otp" and p.location.path.startswith("usr/lib/erlang/")
    }
    assert {"erts", "kernel", "stdlib"} <= {name for name, _ in expected}
    assert found == expected


def test_elixir_applications_have_the_version_of_elixir(
    root: Path, packages: tuple[Package, ...]
) -> None:
    # elixir.app itself is told by the classifier of programs, with its CPE.
    names = {one.stem for one in root.glob("usr/lib/elixir/lib/*/ebin/*.app")} - {"elixir"}
    found = {
        p.name: p.version
        for p in packages
        if p.type == "otp" and p.location.path.startswith("usr/lib/elixir/")
    }
    assert {"mix", "logger"} <= names
    assert found == dict.fromkeys(names, versions(root)["elixir"])


def test_the_r_package_has_the_version_debian_gives_it(
    root: Path, packages: tuple[Package, ...]
) -> None:
    found = [(p.name, p.version, p.declared) for p in packages if p.type == "cran"]
    assert found == [("jsonlite", versions(root)["r-cran-jsonlite"], False)]


def test_the_haskell_library_has_the_version_debian_gives_it(
    root: Path, packages: tuple[Package, ...]
) -> None:
    found = [(p.name, p.version) for p in packages if p.type == "hackage"]
    assert found == [("random", versions(root)["libghc-random-dev"])]
