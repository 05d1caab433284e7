"""`secure.system` is what its stub says it is: `os`, as far as it is used."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure import system

ROOT = Path(__file__).resolve().parents[2]
_TYPES = {"PathLike"}  # only ever an annotation
names = st.text(st.sampled_from("ab./"), max_size=8)


def used() -> dict[str, set[str]]:
    """What the modules that import it as `os` take from it, with the names below `os.path`."""
    found: dict[str, set[str]] = {}
    for file in sorted((ROOT / "secure").rglob("*.py")):
        text = file.read_text()
        if "import system as os" in text:
            nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)]
            found[str(file.relative_to(ROOT))] = {
                ast.unparse(node) for node in nodes if ast.unparse(node).startswith("os.")
            }
    return found


def test_every_name_that_is_used_is_there() -> None:
    everything = used()
    assert len(everything) > 20
    for file, dotted in everything.items():
        for text in dotted:
            parts = text.partition("(")[0].split(".")[1:]
            if parts[0] in _TYPES:
                continue
            here: object = system
            for part in parts[: 2 if parts[0] in {"path", "environ"} else 1]:
                assert hasattr(here, part), f"{file} uses {text}, which secure.system lacks"
                here = getattr(here, part)


def test_it_does_not_import_os() -> None:
    code = f"import sys; sys.path.append({str(ROOT)!r}); import secure.system as s; "
    code += "print('os' in sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


@given(names, names)
def test_names_are_taken_apart_as_os_path_does(first: str, second: str) -> None:
    assert system.path.dirname(first) == os.path.dirname(first)
    assert system.path.basename(first) == os.path.basename(first)
    assert system.path.join(first, second) == os.path.join(first, second)
    assert system.path.join(first, second, "x") == os.path.join(first, second, "x")


def test_the_kernel_is_asked_as_os_path_does(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "link").symlink_to(".")
    for name in ("", "file", "dangling", "link", "missing", "file/below"):
        path = str(tmp_path / name)
        for question in ("exists", "isdir", "isfile", "lexists"):
            ours = getattr(system.path, question)(path)
            assert ours == getattr(os.path, question)(path), (question, name)
    assert not system.path.exists("a\0b")


def test_directories_are_made_as_os_does(tmp_path: Path) -> None:
    system.makedirs(str(tmp_path / "a/b/c"), 0o700)
    assert (tmp_path / "a/b/c").stat().st_mode & 0o777 == 0o700
    system.makedirs(str(tmp_path / "a/b/c"), exist_ok=True)
    (tmp_path / "file").write_text("")
    for again, exist_ok in (("a/b/c", False), ("file", True)):
        with pytest.raises(FileExistsError):
            system.makedirs(str(tmp_path / again), exist_ok=exist_ok)


def test_the_environment_is_that_of_os_where_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECURE_TEST_VARIABLE", "later")
    assert system.environ.get("SECURE_TEST_VARIABLE", "") == "later"
    assert system.environ.get("SECURE_TEST_MISSING", "else") == "else"


@pytest.mark.parametrize("raw", [b"plain", b"caf\xc3\xa9", b"\xff\xfe"])
def test_the_environment_is_read_byte_for_byte_without_os(raw: bytes) -> None:
    code = (
        f"import sys; sys.path.append({str(ROOT)!r}); from secure import system; "
        "assert 'os' not in sys.modules; "
        "system.write(1, system.fsencode(system.environ.get('SECURE_TEST_VARIABLE', '')))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True, check=True, env={b"SECURE_TEST_VARIABLE": raw},
    )  # fmt: skip
    assert done.stdout == raw
