"""`secure oci --systemd-cgroup` where systemd does not run; where it does: tests/vm."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from bundles import Runtime, base_config, make_bundle
from containers import caller
from installation import Account, Installed, leaves_nothing

from secure.kernel.cgroup_support import RUNS_SYSTEMD

pytestmark = pytest.mark.kernel


@pytest.fixture(params=["user", "root"])
def engine(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Account]:
    if os.path.isdir(RUNS_SYSTEMD):
        pytest.skip("systemd runs this machine: tests/vm shows the scope there")
    with installed.account(caller(request.param)) as account:
        yield account


@pytest.mark.parametrize("path", ["a.slice:b:c", ""])
def test_a_scope_is_refused_with_the_way_out(engine: Account, path: str) -> None:
    config = base_config(engine.who)
    config["linux"]["cgroupsPath"] = path
    folder = engine.folder / "bundle"
    folder.mkdir()
    make_bundle(folder, engine.who, config)
    command = (str(engine.command), "oci", "--systemd-cgroup")
    secure = Runtime("secure", command, engine.folder, engine.who, engine.environment)
    with leaves_nothing(engine):
        ended = secure("run", "--bundle", str(folder), "c")
    assert ended.code == 1
    assert "--systemd-cgroup is refused: systemd does not run this machine" in ended.err
    assert "cgroupfs" in ended.err
    assert secure("list", "--quiet").out == ""
