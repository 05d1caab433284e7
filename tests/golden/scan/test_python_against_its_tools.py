"""Python packages and lock files as the tools leave them: `pip list` and uv's lists are the oracle.

Everything is fetched from the package index once for the module.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from catalogued import catalogued, told
from scanning import NOW, cache_folder

from secure.facts.image import ImageFacts
from secure.facts.ownership import FileClaims
from secure.facts.package import Package
from secure.images.source import open_image
from secure.scan.image import scan_image

# Names with dots, underscores and dashes, and two that need others; all small.
WANTED = (
    "jaraco.classes==3.4.0", "more-itertools==10.5.0", "python-dateutil==2.9.0.post0",
    "six==1.16.0", "typing_extensions==4.12.2", "asgiref==3.8.1",
)  # fmt: skip
PROJECT = """[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [{}]
[dependency-groups]
dev = ["iniconfig==2.0.0"]
[tool.uv]
package = false
"""
UV = str(Path(sys.executable).with_name("uv"))
SITE = "opt/app/lib/python3/site-packages"


def run(*words: str, at: Path | None = None) -> str:
    """What a tool says; the test is skipped where it cannot reach the index."""
    done = subprocess.run(
        words, cwd=at, capture_output=True, text=True, check=False, timeout=200,
        env={**os.environ, "UV_NO_PROGRESS": "1", "PIP_NO_INPUT": "1"},
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"{words[0]} {words[1]} failed: {done.stderr[-300:]}")
    return done.stdout


def scan(folder: Path) -> ImageFacts:
    with open_image(str(folder)) as image:
        return scan_image(image, cache_dir=cache_folder().name, now=NOW)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with packages that pip installed, and the wheels they came from."""
    root = tmp_path_factory.mktemp("root")
    wheels = root / "opt/wheels"
    pip = (sys.executable, "-m", "pip", "-q")
    run(*pip, "download", "--no-deps", "--only-binary=:all:", "-d", str(wheels), *WANTED)
    found = sorted(map(str, wheels.iterdir()))
    run(*pip, "install", "--no-deps", "--no-index", "--target", str(root / SITE), *found)
    return root


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that uv locked, and what uv exports of that."""
    if shutil.which(UV) is None:
        pytest.skip("no uv here")
    folder = tmp_path_factory.mktemp("project")
    text = PROJECT.format(", ".join(f'"{one}"' for one in WANTED))
    (folder / "pyproject.toml").write_text(text)
    run(UV, "lock", at=folder)
    run(UV, "export", "-q", "--format", "pylock.toml", "-o", "pylock.toml", at=folder)
    run(UV, "export", "-q", "--format", "requirements-txt", "-o", "requirements.txt", at=folder)
    return folder


def listed(root: Path) -> set[tuple[str, str]]:
    """What pip lists, with normalised names."""
    said = run(sys.executable, "-m", "pip", "list", "--format", "json", "--path", str(root / SITE))
    normal = (re.sub("[-_.]+", "-", one["name"]).lower() for one in json.loads(said))
    return set(zip(normal, (one["version"] for one in json.loads(said)), strict=True))


def test_what_pip_lists_is_found_and_nothing_else(installed: Path) -> None:
    expected = listed(installed)
    facts = scan(installed)
    found = [(p.name, p.version) for p in facts.packages if p.location.path.startswith(SITE)]
    assert len(expected) == len(WANTED)
    assert sorted(found) == sorted(expected)
    assert facts.unreadable == ()


def test_files_that_changed_since_pip_installed_them_are_told(
    installed: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    shutil.copytree(installed / SITE, root / SITE)
    pip = (sys.executable, "-m", "pip", "-q", "install", "--no-deps", "--target", str(root / SITE))
    run(*pip, "tabulate==0.9.0")  # brings a script
    before = claims(root)
    assert (before.missing, before.changed) == ((), ())
    assert before.verified > 90
    (root / SITE / "six.py").unlink()
    for place in ("asgiref/sync.py", "bin/tabulate"):
        with (root / SITE / place).open("a") as file:
            file.write("import os\n")
    after = claims(root)
    assert [(one.path, one.package) for one in after.missing] == [
        (f"{SITE}/six.py", "pkg:pypi/six@1.16.0")
    ]
    assert [(one.path, one.package) for one in after.changed] == [
        (f"{SITE}/asgiref/sync.py", "pkg:pypi/asgiref@3.8.1"),
        (f"{SITE}/bin/tabulate", "pkg:pypi/tabulate@0.9.0"),
    ]
    assert after.verified == before.verified - 1
    assert after.unowned_executables == ()


def claims(root: Path) -> FileClaims:
    with open_image(str(root)) as image:
        facts = scan_image(image, cache_dir=cache_folder().name, now=NOW, verify_files=True)
    assert facts.claims is not None
    return facts.claims


def test_dependencies_are_those_that_pip_shows(installed: Path) -> None:
    found = {p.name: set(p.depends) for p in scan(installed).packages if not p.hashes}
    assert found["jaraco-classes"] == {"more-itertools"}
    assert found["python-dateutil"] == {"six"}
    assert found["six"] == set()


def test_a_wheel_is_the_package_that_pip_installs_from_it(installed: Path) -> None:
    packages = [p for p in scan(installed).packages if p.location.path.endswith(".whl")]
    assert {(p.name, p.version) for p in packages} == listed(installed)
    for package in packages:
        content = (installed / package.location.path).read_bytes()
        assert package.hashes[0] == ("sha256", hashlib.sha256(content).hexdigest())


def test_all_of_uvs_lock_files_ask_for_the_same_as_uv_lists(project: Path) -> None:
    tree = run(UV, "tree", "-q", "--frozen", "--no-dedupe", "--all-groups", at=project)
    named = re.findall(r"([A-Za-z0-9._-]+)(?:\[[^]]*])? v(\S+)", tree)
    expected = {f"pypi:{name}@{version}?" for name, version in named if name != "app"}
    assert len(expected) == len(WANTED) + 1
    for name in ("uv.lock", "pylock.toml", "requirements.txt"):
        packages, unreadable = catalogued(f"src/{name}", (project / name).read_bytes())
        assert set(told(packages)) == expected, name
        assert unreadable == [], name


def test_a_wheel_has_one_of_the_digests_that_every_lock_file_allows(
    project: Path, installed: Path
) -> None:
    wheels = {p.name: p.hashes[0] for p in scan(installed).packages if p.hashes}
    assert {one for one, _ in listed(installed)} <= wheels.keys()
    for name in ("uv.lock", "pylock.toml", "requirements.txt"):
        packages: list[Package]
        packages, _ = catalogued(f"src/{name}", (project / name).read_bytes())
        allowed = {one.name: one.hashes for one in packages}
        assert [one for one, digest in wheels.items() if digest not in allowed[one]] == [], name
