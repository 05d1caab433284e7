"""What kernel tests share: one workshop for the session, in a place every user can read."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import Caller, Workshop, build_workshop, caller
from installation import Account, Installed, adopt_orphans, install
from made_images import Images, make_images


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """Not pytest's own folder: that is closed to the ordinary user."""
    folder = Path(tempfile.mkdtemp(prefix="secure-kernel-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shop(open_folder: Path) -> Workshop:
    """A root file system, a filter and copies of the package."""
    folder = open_folder / "shop"
    folder.mkdir()
    return build_workshop(folder)


@pytest.fixture(params=["user", "range", "root"])
def who(request: pytest.FixtureRequest) -> Caller:
    """Each way to start a container that this machine allows."""
    return caller(request.param)


@pytest.fixture
def user() -> Caller:
    """The ordinary user, one id."""
    return caller("user")


@pytest.fixture(scope="session")
def installed(open_folder: Path) -> Installed:
    """The real command, where every user can run it."""
    adopt_orphans()
    return install(open_folder)


@pytest.fixture(scope="session")
def images(open_folder: Path) -> Images:
    """Archives that every user can read."""
    return make_images(open_folder / "images")


@pytest.fixture(scope="session", params=["user", "range", "root"])
def account(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    """A home for `secure` for each way to start; kept for the session, so launches are warm."""
    with installed.account(caller(request.param)) as made:
        yield made


@pytest.fixture(scope="session", params=["user", "root"])
def person(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    """As `account`, where the id map makes no difference."""
    with installed.account(caller(request.param)) as made:
        yield made


@pytest.fixture
def newcomer(installed: Installed) -> Iterator[Account]:
    """The ordinary user, with a home that nothing has touched yet."""
    with installed.account(caller("user")) as made:
        yield made
