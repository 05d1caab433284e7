"""openat2(2): ".." inside a root, while others rename."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure.kernel.openat2 import RESOLVE_IN_ROOT, openat2


@pytest.fixture
def renamer(tmp_path: Path) -> Iterator[None]:
    """A process that renames a file without a pause."""
    (tmp_path / "x").touch()
    pid = os.fork()
    if pid == 0:
        while True:
            os.rename(tmp_path / "x", tmp_path / "y")
            os.rename(tmp_path / "y", tmp_path / "x")
    yield
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.mark.usefixtures("renamer")
def test_a_path_that_leads_back_is_opened_while_others_rename(tmp_path: Path) -> None:
    (tmp_path / "root/a").mkdir(parents=True)
    root = os.open(tmp_path / "root", os.O_PATH)
    for _ in range(2_000):
        os.close(openat2(root, b"a/../" * 40 + b"a", os.O_PATH, RESOLVE_IN_ROOT))
    os.close(root)
