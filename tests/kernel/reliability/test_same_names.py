"""Containers that share a name: the same id below two roots, the same cgroupsPath."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundles import Runtime, base_config, make_bundle, write_config
from containers import caller
from installation import Account, Installed, leaves_nothing

pytestmark = pytest.mark.kernel


@pytest.fixture
def engine(installed: Installed) -> Iterator[Account]:
    with installed.account(caller("root")) as account:
        yield account


@pytest.fixture
def runtime(engine: Account) -> Runtime:
    command = (str(engine.command), "oci")
    return Runtime("secure", command, engine.folder, engine.who, engine.environment)


def bundle(engine: Account, **linux: Any) -> Path:
    config = base_config(engine.who)
    config["process"]["args"] = ["/bin/sleep", "100"]
    config["linux"].update(linux)
    folder = make_bundle(engine.folder / f"bundle-{os.urandom(4).hex()}", engine.who, config)
    write_config(folder, config)
    return folder


def test_one_id_below_two_roots_is_two_containers(engine: Account, runtime: Runtime) -> None:
    other = replace(runtime, name="other")
    folder = bundle(engine)
    with leaves_nothing(engine):
        assert runtime.create("c", folder).code == 0, runtime.printed("c")
        assert other.create("c", folder).code == 0, other.printed("c")
        assert other("delete", "--force", "c").code == 0
        assert runtime.state("c")["status"] == "created"
        assert runtime("delete", "--force", "c").code == 0


def test_a_cgroup_of_another_container_is_refused_and_not_touched(
    engine: Account, runtime: Runtime
) -> None:
    folder = bundle(engine, cgroupsPath=f"/secure/{os.urandom(8).hex()}")
    with leaves_nothing(engine):
        if runtime.create("first", folder).code != 0:
            pytest.skip(runtime.printed("first"))
        second = runtime.create("second", folder)
        assert second.code == 1
        assert "another container's" in second.err
        assert runtime("delete", "--force", "second").code == 0
        assert runtime.state("first")["status"] == "created"
        assert runtime("delete", "--force", "first").code == 0
