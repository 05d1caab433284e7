"""Containers from bundles, with resources, for tests on a machine with cgroup v2."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundles import Runtime, base_config, make_bundle
from installation import Account

_PATIENCE_S = 60  # emulated machines are slow
# Where the user's systemd is asked; root asks the machine's.
BUS = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path=/run/user/{os.geteuid()}/bus"}


@dataclass(frozen=True)
class Started:
    """A container that runs."""

    secure: Runtime
    name: str
    cgroup: Path

    def limit(self, file: str) -> str:
        return (self.cgroup / file).read_text().strip()

    def event(self) -> Any:
        return json.loads(self.secure("events", "--stats", self.name).out)["data"]


def runtime(account: Account, *words: str) -> Runtime:
    """words: options before the verb."""
    command = (str(account.command), "oci", *words)
    return Runtime("secure", command, account.folder, account.who, account.environment | BUS)


def bundle(
    account: Account, script: str, resources: dict[str, Any], path: str = "", **process: Any
) -> Path:
    """A bundle whose program is a shell script; path: its cgroupsPath."""
    config = base_config(account.who)
    config["process"] |= {"args": ["/bin/sh", "-c", script], **process}
    config["linux"] |= {"resources": resources, "cgroupsPath": path}
    folder = account.folder / f"b{os.urandom(3).hex()}"
    folder.mkdir()
    return make_bundle(folder, account.who, config)


@contextmanager
def started(
    account: Account, script: str, resources: dict[str, Any], unit: str = "", **process: Any
) -> Iterator[Started]:
    """create and start; afterwards delete, and no cgroup of it is left.

    Args:
        unit: "SLICE:PREFIX:NAME" to have it in a scope of systemd's.
    """
    secure = runtime(account, *(["--systemd-cgroup"] if unit else []))
    folder = bundle(account, script, resources, unit, **process)
    created = secure.create(folder.name, folder)
    assert created.code == 0, created.err
    state = json.loads((account.folder / f"state-secure/{folder.name}/state.json").read_text())
    cgroup = Path(state["secure"]["cgroups"][0])
    try:
        assert secure("start", folder.name).code == 0
        yield Started(secure, folder.name, cgroup)
    finally:
        assert secure("delete", "--force", folder.name).code == 0
    assert not cgroup.exists()


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False
