"""What kernel tests share: one workshop for the session, in a place every user can read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import Caller, Workshop, build_workshop, caller


@pytest.fixture(scope="session")
def shop() -> Iterator[Workshop]:
    """A root file system, a filter and copies of the package."""
    # Not pytest's own folder: that is closed to the ordinary user.
    folder = Path(tempfile.mkdtemp(prefix="secure-kernel-", dir="/var/tmp"))
    try:
        yield build_workshop(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["user", "range", "root"])
def who(request: pytest.FixtureRequest) -> Caller:
    """Each way to start a container that this machine allows."""
    return caller(request.param)


@pytest.fixture
def user() -> Caller:
    """The ordinary user, one id."""
    return caller("user")
