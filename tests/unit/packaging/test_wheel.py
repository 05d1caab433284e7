"""The wheel works outside the repository, with its policies, filters and database files inside."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from installation import copy_distribution, dependencies
from made_images import Images, make_images

ROOT = Path(__file__).resolve().parents[3]


def run(
    *words: str | Path, cwd: Path, home: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A program of its own, with next to no environment."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home or cwd)}
    if home:
        environment |= {f"XDG_{name}_HOME": str(home / name) for name in ("DATA", "CACHE")}
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=120, check=False,
        cwd=cwd, env=environment, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheel")


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    """The wheel, built here without isolation: nothing is fetched."""
    pytest.importorskip("hatchling", reason="hatchling is not installed (a development dependency)")
    done = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def command(folder: Path, wheel: Path) -> Path:
    """`secure` of the wheel in an environment of its own."""
    pytest.importorskip("pip", reason="pip is not in this environment")
    home = folder / "environment"
    assert run(sys.executable, "-m", "venv", "--without-pip", home, cwd=folder).returncode == 0
    pip = (sys.executable, "-m", "pip", "--python", home / "bin/python3", "--isolated")
    done = run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    assert done.returncode == 0, done.stderr
    packages = next(home.glob("lib/python3*/site-packages"))
    for name in dependencies():
        copy_distribution(name, packages)
    return home / "bin/secure"


@pytest.fixture(scope="module")
def images(folder: Path) -> Images:
    return make_images(folder / "images")


def test_everything_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"secure/policies/checklist.yaml", "secure/policies/hardened.yaml"} <= names
    assert {"secure/policies/seccomp/default.json", "secure/policies/seccomp/strict.json"} <= names
    shipped = (path for path in (ROOT / "vulndb").rglob("*") if path.is_file())
    wanted = {f"secure/{path.relative_to(ROOT)}" for path in shipped}
    assert wanted <= names
    assert any(name.endswith(".data/scripts/secure") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_nothing_else_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.startswith("secure_runtime-")} == {"secure"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--version",), "secure "),
        (("policy", "list"), "checklist\nhardened\n"),
        (("policy", "show", "hardened"), "CON014"),
        (("policy", "explain", "RUN005"), "uid 0"),
        (("info",), "seccomp"),
    ],
)
def test_it_answers_from_a_foreign_folder(
    command: Path, tmp_path: Path, words: tuple[str, ...], shown: str
) -> None:
    done = run(command, *words, cwd=tmp_path, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


def test_it_checks_an_image_from_a_foreign_folder(
    command: Path, images: Images, tmp_path: Path
) -> None:
    done = run(command, "check", images.good, cwd=tmp_path, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ALLOWED")


@pytest.mark.kernel
def test_it_runs_an_image_from_a_foreign_folder(
    command: Path, images: Images, tmp_path: Path
) -> None:
    done = run(command, "run", images.good, cwd=tmp_path, home=tmp_path)
    assert (done.returncode, done.stdout) == (0, "uid=10001(app) gid=10001(app)\n"), done.stderr


def test_a_link_to_the_command_works(command: Path, tmp_path: Path) -> None:
    link = tmp_path / "secure-by-another-name"
    os.symlink(command, link)
    assert run(link, "--version", cwd=tmp_path, home=tmp_path).stdout.startswith("secure ")
