"""Files appear whole or not at all, for their owner alone."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from secure.errors import MachineError
from secure.kernel.whole_files import _write_beside, write_all
from secure.store.atomic import make_private_dir, write_file

# Writes the same file over and over, each time with one letter only, until it is killed.
_WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from secure.store.atomic import write_file
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        write_file(sys.argv[2], letter * 300_000)
"""
ROOT = Path(__file__).resolve().parents[3]


def test_content_and_mode_are_as_given(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(str(path), b"content")
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(str(path), b"a long first content")
    write_file(str(path), b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"untouched")
    (tmp_path / "link").symlink_to("target")
    write_file(str(tmp_path / "link"), b"new")
    assert (tmp_path / "target").read_bytes() == b"untouched"
    assert not (tmp_path / "link").is_symlink()


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.mkdir()
    with pytest.raises(MachineError, match="cannot write"):
        write_file(str(folder), b"content")
    assert os.listdir(tmp_path) == ["file"]


def test_a_missing_folder_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"no-such/file.*No such file or directory"):
        write_file(str(tmp_path / "no-such/file"), b"")


def test_a_writer_killed_at_any_time_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for _ in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(ROOT), str(path)], stdout=subprocess.PIPE
        )
        assert writer.stdout
        assert writer.stdout.readline() == b"ready\n"
        while not path.exists():
            pass
        writer.kill()
        writer.communicate()
        content = path.read_bytes()
        assert content in (b"a" * 300_000, b"b" * 300_000)


def test_missing_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        make_private_dir(str(tmp_path / "a/b/c"))
    finally:
        os.umask(old)
    for folder in ("a", "a/b", "a/b/c"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
    make_private_dir(str(tmp_path / "a/b/c"))


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match="cannot make directory"):
        make_private_dir(str(tmp_path / "file/below"))


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(ROOT), str(path)], stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    try:
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == b"ready\n"
        while not path.exists():
            pass
        for _ in range(300):
            content = path.read_bytes()
            assert content in (b"a" * 300_000, b"b" * 300_000)
        assert [writer.poll() for writer in writers] == [None] * 3
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    write_file(str(path), b"the last")
    assert path.read_bytes() == b"the last"
    assert os.listdir(tmp_path) == ["file"]


def test_what_a_killed_writer_left_is_taken_away_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file.tmp").write_bytes(b"of the killed one")
    write_file(str(tmp_path / "file"), b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_system_without_nameless_files_is_written_too(tmp_path: Path) -> None:
    _write_beside(str(tmp_path / "file"), lambda fd: write_all(fd, b"first"), 0o600)
    _write_beside(str(tmp_path / "file"), lambda fd: write_all(fd, b"second"), 0o600)
    assert (tmp_path / "file").read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["file"]
