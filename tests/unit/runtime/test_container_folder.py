"""A container that cannot be opened is not one that does not exist."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from secure.errors import MachineError, NotFoundError
from secure.runtime.oci.state import Container


@contextmanager
def no_descriptor_free() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        Container.open(str(tmp_path), "c")


def test_a_link_or_a_file_in_its_place_is_none(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(NotFoundError):
            Container.open(str(tmp_path), name)


def test_one_that_cannot_be_opened_for_want_of_descriptors_is_there(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with no_descriptor_free(), pytest.raises(MachineError, match="Too many open files"):
        Container.open(str(tmp_path), "c")
