"""The cache of compiled filters: what was tampered with is not used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from confinement import STRANGER, filter_of, needs_root, profile

from secure.errors import MachineError
from secure.kernel.seccomp_profile import cache_key, load_filter, read_cached, write_cached

DEFAULT = profile("default")
KEY = cache_key(DEFAULT)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """The file of a filter in a cache."""
    write_cached(tmp_path, KEY, filter_of("default"))
    return tmp_path / f"{KEY}.bpf"


def test_a_stored_filter_is_read_back(stored: Path) -> None:
    assert read_cached(stored.parent, KEY) == filter_of("default")
    assert stored.stat().st_mode & 0o777 == 0o600
    assert os.listdir(stored.parent) == [stored.name]


def test_nothing_stored_is_nothing_read(tmp_path: Path) -> None:
    assert read_cached(tmp_path, KEY) is None
    assert read_cached(tmp_path / "missing", KEY) is None


def _flip(file: Path, position: int) -> None:
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)


def _allow_all(file: Path) -> None:
    head = file.read_bytes()[:40]
    file.write_bytes(head + bytes.fromhex("060000000000ff7f"))


def _replaced_by(kind: str) -> Callable[[Path], None]:
    def replace(file: Path) -> None:
        moved = file.with_name("elsewhere")
        file.rename(moved)
        if kind == "symbolic link":
            file.symlink_to(moved)
        elif kind == "directory":
            file.mkdir()
        else:
            os.mkfifo(file)

    return replace


TAMPERED: dict[str, Callable[[Path], None]] = {
    "magic": lambda file: _flip(file, 0),
    "digest": lambda file: _flip(file, 20),
    "first instruction": lambda file: _flip(file, 40),
    "last byte": lambda file: _flip(file, -1),
    "filter that allows all": _allow_all,
    "empty": lambda file: os.truncate(file, 0),
    "cut": lambda file: os.truncate(file, file.stat().st_size - 8),
    "half an instruction": lambda file: os.truncate(file, file.stat().st_size - 3),
    "longer": lambda file: os.truncate(file, file.stat().st_size + 8),
    "huge": lambda file: os.truncate(file, 1 << 30),
    "writable by the group": lambda file: file.chmod(0o620),
    "writable by all": lambda file: file.chmod(0o602),
    "symbolic link": _replaced_by("symbolic link"),
    "directory": _replaced_by("directory"),
    "fifo": _replaced_by("fifo"),
}


@pytest.mark.parametrize("how", sorted(TAMPERED))
def test_a_filter_that_was_tampered_with_is_not_used(how: str, stored: Path) -> None:
    TAMPERED[how](stored)

    assert read_cached(stored.parent, KEY) is None


@pytest.mark.parametrize("how", sorted(set(TAMPERED) - {"directory"}))
def test_it_is_compiled_again_instead(how: str, stored: Path) -> None:
    TAMPERED[how](stored)

    assert load_filter(DEFAULT, stored.parent) == filter_of("default")
    assert read_cached(stored.parent, KEY) == filter_of("default")


def test_a_filter_of_somebody_else_is_not_used(stored: Path) -> None:
    needs_root()
    os.chown(stored, STRANGER, STRANGER)

    assert read_cached(stored.parent, KEY) is None


def test_a_weaker_filter_under_the_name_of_a_stronger_one_is_not_used(tmp_path: Path) -> None:
    strict_key = cache_key(profile("strict"))
    write_cached(tmp_path, KEY, filter_of("default"))
    shutil.copy(tmp_path / f"{KEY}.bpf", tmp_path / f"{strict_key}.bpf")

    assert read_cached(tmp_path, strict_key) is None


def test_the_key_depends_on_profile_and_architecture() -> None:
    keys = {
        KEY,
        cache_key(DEFAULT + b" "),
        cache_key(DEFAULT, arch="aarch64" if os.uname().machine != "aarch64" else "x86_64"),
    }

    assert len(keys) == 3
    assert cache_key(DEFAULT) == KEY


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    with pytest.raises(MachineError, match=r'cannot be stored in ".*file"') as error:
        write_cached(blocked, KEY, filter_of("default"))

    assert "XDG_CACHE_HOME" in error.value.do


def test_a_cache_that_cannot_be_written_costs_the_compilation_alone(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    assert load_filter(DEFAULT, blocked) == filter_of("default")
