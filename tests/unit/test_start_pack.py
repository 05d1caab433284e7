"""The pack of a command's modules: made once, used after, never believed against its sources."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_WORDS = ("run", "--help")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the package, with its .pyc files and without a pack."""
    for name in ("secure", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def start(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(tree / "secure/__main__.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def pack_of(tree: Path) -> Path:
    found = list((tree / "secure/__pycache__").glob("run.*.pack"))
    assert len(found) == 1, found
    return found[0]


def opened(tree: Path) -> set[str]:
    """The .pyc files of the package that a start opens."""
    command = ["strace", "-f", "-e", "trace=openat,open", sys.executable, "-I", "-S"]
    done = subprocess.run(
        [*command, str(tree / "secure/__main__.py"), *_WORDS],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    named = [line.split('"')[1] for line in done.stderr.splitlines() if line.count('"') >= 2]
    return {Path(name).name.partition(".")[0] for name in named if name.endswith(".pyc")}


def test_a_first_start_makes_the_pack_and_a_second_leaves_it_alone(tree: Path) -> None:
    start(tree, *_WORDS)
    made = pack_of(tree).stat().st_ino
    content = pack_of(tree).read_bytes()
    assert all(name in content for name in (b"secure.cli.run", b"secure.cli.main"))
    assert start(tree, *_WORDS).returncode == 0
    assert pack_of(tree).stat().st_ino == made


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_packed_start_opens_no_other_compiled_module(tree: Path) -> None:
    start(tree, *_WORDS)
    assert opened(tree) & {"run", "main", "errors", "arguments"} == set()
    pack_of(tree).unlink()
    assert {"run", "main", "errors", "arguments"} <= opened(tree)


def test_a_changed_source_is_what_runs_and_the_pack_follows(tree: Path) -> None:
    start(tree, *_WORDS)
    before = pack_of(tree).read_bytes()
    source = tree / "secure/cli/run.py"
    source.write_text(source.read_text().replace("Run an image hardened.", "Changed since."))
    assert "Changed since." in start(tree, *_WORDS).stdout
    assert pack_of(tree).read_bytes() != before
    assert "Changed since." in start(tree, *_WORDS).stdout


@pytest.mark.parametrize("package", ["", "cli/", "kernel/"])
def test_a_changed_package_takes_its_modules_with_it(tree: Path, package: str) -> None:
    start(tree, *_WORDS)
    source = tree / f"secure/{package}__init__.py"
    source.write_text(source.read_text() + "# changed\n")
    done = start(tree, *_WORDS)
    assert (done.returncode, done.stderr) == (0, "")
    assert start(tree, *_WORDS).stdout == done.stdout


@pytest.mark.parametrize("damage", ["empty", "zeros", "cut", "shorter", "text", "list"])
def test_a_damaged_pack_is_as_good_as_none(tree: Path, damage: str) -> None:
    start(tree, *_WORDS)
    pack = pack_of(tree)
    whole = pack.read_bytes()
    other = marshal.dumps([1, 2])
    pack.write_bytes({
        "empty": b"",
        "zeros": bytes(len(whole)),
        "cut": whole[: len(whole) // 50],
        "shorter": whole[:-1],
        "text": b"this is no pack",
        "list": len(other).to_bytes(4, "little") + bytes(4) + other,
    }[damage])  # fmt: skip
    done = start(tree, *_WORDS)
    assert (done.returncode, done.stderr) == (0, "")
    assert pack.read_bytes() == whole


def test_a_folder_that_may_not_be_written_needs_no_pack(tree: Path) -> None:
    start(tree, "--version")
    folder = tree / "secure/__pycache__"
    folder.chmod(0o555)
    done = start(tree, *_WORDS)
    assert (done.returncode, done.stderr) == (0, "")
    if os.geteuid() != 0:
        assert not list(folder.glob("*.pack"))
    folder.chmod(0o755)


def test_a_scan_packs_its_modules_whatever_its_status_says(tree: Path) -> None:
    assert start(tree, "scan", "there/is/no/image").returncode == 3
    (pack,) = (tree / "secure/__pycache__").glob("scan.*.pack")
    assert b"secure.flows.scan" in pack.read_bytes()


def test_other_commands_make_no_pack(tree: Path) -> None:
    assert start(tree, "--version").returncode == 0
    assert not list((tree / "secure/__pycache__").glob("*.pack"))
