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


def pytest_addoption(parser: pytest.Parser) -> None:
    """What takes too long for every day."""
    parser.addoption(
        "--every-step", action="store_true",
        help="kill at every system call, not at a sample; start 5,000 containers, not 200",
    )  # fmt: skip


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images and databases beside the checkout."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir() and os.environ.get("CI"):
        pytest.fail("CI needs ../shared/data: real images and databases")
    if not folder.is_dir():
        pytest.skip("no ../shared/data: real images and databases are not here")
    return folder
