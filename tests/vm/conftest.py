"""Tests that take a machine of their own: its kernel, systemd as the first process, every right."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import caller
from installation import Account, Installed, adopt_orphans

PAYLOAD = Path(__file__).resolve().parents[2]
GUEST = "SECURE_GUEST"  # set by guest.py alone


OLDEST = (5, 12)  # mount_setattr(2)


def kernel() -> tuple[int, int]:
    """Major and minor version of the running one."""
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor)


@pytest.fixture(autouse=True, scope="session")
def guest() -> None:
    if not os.environ.get(GUEST):
        pytest.skip("needs a machine of its own: scripts/vm-check boots one")


@pytest.fixture(scope="session")
def installed(guest: None, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The product as the guest's disk has it, in a folder where accounts can be made."""
    adopt_orphans()
    folder = tmp_path_factory.mktemp("installed")
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o755)
    (folder / "product").symlink_to(PAYLOAD / "product")
    return Installed(folder / "product")


@pytest.fixture
def engine(installed: Installed) -> Iterator[Account]:
    """Whoever runs the tests: root, or an ordinary user in a scope that was delegated."""
    if kernel() < OLDEST:
        pytest.skip("this kernel starts no container: see test_older_kernels.py")
    with installed.account(caller("user" if os.geteuid() else "root")) as account:
        yield account


@pytest.fixture
def needs_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
