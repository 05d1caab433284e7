"""One holder at a time; a holder that dies gives way."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from secure.errors import MachineError
from secure.store.lock import Lock

ROOT = Path(__file__).resolve().parents[3]
_HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from secure.store.lock import Lock
with Lock(sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[bytes]:
    """A process that holds the lock until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(ROOT), str(path)], stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_lock_can_be_taken_again_after_it_was_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with Lock(str(tmp_path / "lock"), 0.1):
            pass


def test_a_second_holder_is_refused_after_its_time(tmp_path: Path) -> None:
    started = time.monotonic()
    with Lock(str(tmp_path / "lock")), pytest.raises(MachineError, match=r"locked after 0\.1 s"):
        Lock(str(tmp_path / "lock"), 0.1).__enter__()
    assert time.monotonic() - started < 5


def test_a_killed_holder_gives_way(tmp_path: Path) -> None:
    process = holder(tmp_path / "lock")
    process.kill()
    process.communicate()
    with Lock(str(tmp_path / "lock"), 1):
        pass


def test_a_lock_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), Lock(str(tmp_path / "lock")):
        raise ValueError("inside")
    with Lock(str(tmp_path / "lock"), 0.1):
        pass


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="cannot open lock"):
        Lock(str(tmp_path / "no-such/lock")).__enter__()
