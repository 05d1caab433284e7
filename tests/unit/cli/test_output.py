"""Results that cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HELP = [sys.executable, "-I", "-S", str(ROOT / "secure/__main__.py"), "--help"]


def test_a_full_disk_is_said_and_is_no_success() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(HELP, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr == "secure: error: cannot write the result: No space left on device\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(HELP, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_closed_output_is_no_traceback() -> None:
    done = subprocess.run(
        ["sh", "-c", f"exec {' '.join(HELP)} >&-"], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def test_a_message_that_cannot_be_written_changes_no_exit_code() -> None:
    words = [*HELP[:-1], "nonsense"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=full, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize(
    ("told", "painted"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_that_have_them(
    tmp_path: Path, told: dict[str, str], painted: bool
) -> None:
    (tmp_path / "root").mkdir()
    master, slave = os.openpty()
    places = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("DATA", "CACHE")}
    command = [*HELP[:-1], "check", str(tmp_path / "root")]
    with os.fdopen(master, "rb", buffering=0) as screen:
        done = subprocess.run(command, stdout=slave, env=told | places, timeout=60, check=False)
        os.close(slave)
        shown = screen.read(4096)
    assert done.returncode == 1
    assert b"DENIED" in shown
    assert (b"\x1b[" in shown) is painted
