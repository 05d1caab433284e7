"""What the tests of reliability share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundles import Runtime, base_config, make_bundle
from containers import caller
from installation import Account, Installed


@pytest.fixture(scope="module", params=["user", "root"])
def engine(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    """A home that is kept for a file, so that starts are warm."""
    with installed.account(caller(request.param)) as account:
        yield account


@pytest.fixture(scope="module")
def runtime(engine: Account) -> Runtime:
    command = (str(engine.command), "oci")
    return Runtime("secure", command, engine.folder, engine.who, engine.environment)


@pytest.fixture(scope="module")
def bundle(engine: Account) -> Iterator[Path]:
    """A container that sleeps."""
    config = base_config(engine.who)
    config["process"]["args"] = ["/bin/sleep", "100"]
    yield make_bundle(engine.folder / "bundle", engine.who, config)
    shutil.rmtree(engine.folder / "bundle", ignore_errors=True)


@pytest.fixture
def most(request: pytest.FixtureRequest) -> int:
    """At how many system calls to stop; 0 is at every one."""
    return 0 if request.config.getoption("--every-step") else 10


@pytest.fixture
def few(request: pytest.FixtureRequest) -> int:
    """As `most`, for tests of many kinds."""
    return 0 if request.config.getoption("--every-step") else 2
