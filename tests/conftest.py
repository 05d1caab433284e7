"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Speed is measured in bench/, not here; the same examples on every run of CI.
settings.register_profile(
    "house", deadline=None, database=None, derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and databases beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir() and os.environ.get("CI"):
        pytest.fail("CI needs ../shared/data: real images and databases")
    if not folder.is_dir():
        pytest.skip("no ../shared/data: real images and databases are not here")
    return folder
