"""Root's containers without a user namespace: ids are shifted by mounts of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bundles import base_config, make_bundle, write_config
from containers import caller
from installation import Account, Ended, Installed, leaves_nothing

pytestmark = pytest.mark.kernel


@pytest.fixture
def engine(installed: Installed) -> Iterator[Account]:
    with installed.account(caller("root")) as account:
        yield account


def bundle(engine: Account, script: str, **changes: Any) -> Path:
    """A bundle as docker writes it: no user namespace, every namespace else."""
    config = base_config(engine.who)
    for name in ("uidMappings", "gidMappings"):
        del config["linux"][name]
    spaces = [one for one in config["linux"]["namespaces"] if one["type"] != "user"]
    config["linux"] |= {"namespaces": spaces} | changes.pop("linux", {})
    config["process"]["args"] = ["/bin/sh", "-c", script]
    config["mounts"] += changes.pop("mounts", [])
    folder = engine.folder / f"bundle-{os.urandom(3).hex()}"
    folder.mkdir()
    write_config(make_bundle(folder, engine.who, config), config | changes)
    return folder


def run(engine: Account, folder: Path, *, shared: str = "", after: str = "true") -> Ended:
    """`secure oci run` in a mount namespace of its own, where `shared` is a shared mount."""
    words = [str(engine.command), "oci", "--root", f"{engine.folder}/state", "run",
             "--bundle", str(folder), folder.name]  # fmt: skip
    before = f"mount --bind {shared} {shared} && mount --make-shared {shared} && " if shared else ""
    script = f"{before}{shlex.join(words)} && {after}"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
        capture_output=True, text=True, errors="replace", timeout=30, check=False,
        stdin=subprocess.DEVNULL, env=engine.environment,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def test_settings_of_engines_fit_into_the_range(engine: Account) -> None:
    settings = {"net.ipv4.ping_group_range": "0 2147483647", "kernel.domainname": "there"}
    script = "cat /proc/sys/net/ipv4/ping_group_range /proc/sys/kernel/domainname"
    with leaves_nothing(engine):
        ended = run(engine, bundle(engine, script, linux={"sysctl": settings}))
    assert (ended.code, ended.out.split()) == (0, ["0", "65535", "there"]), ended.err


def test_nothing_mounted_inside_shows_on_a_shared_mount_of_the_host(engine: Account) -> None:
    for name in ("outer/inner", "second"):
        (engine.folder / name).mkdir(parents=True)
    binds = [
        {"destination": target, "type": "bind", "source": f"{engine.folder}/{source}",
         "options": ["rbind", "rw"]}
        for target, source in (("/data", "outer"), ("/data/inner", "second"))
    ]  # fmt: skip
    folder = bundle(engine, "echo ran", mounts=binds)
    look = "echo; cat /proc/self/mountinfo"
    with leaves_nothing(engine):
        ended = run(engine, folder, shared=str(engine.folder), after=look)
    assert ended.out.startswith("ran\n"), ended.err
    mounted = [line.split()[4] for line in ended.out.splitlines() if line.count(" ") > 6]
    assert [place for place in mounted if place.startswith(str(engine.folder))] == [
        str(engine.folder)
    ]


def test_a_joined_network_that_belongs_to_the_machine_is_entered(engine: Account) -> None:
    """As engines with CNI do: the network is there before the container."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "60"])
    try:
        path = f"/proc/{holder.pid}/ns/net"
        mine = os.stat("/proc/self/ns/net").st_ino
        while os.stat(path).st_ino == mine:
            os.sched_yield()
        wanted = os.stat(path).st_ino
        spaces = [{"type": name} for name in ("pid", "ipc", "uts", "mount", "cgroup")]
        folder = bundle(
            engine, "readlink /proc/self/ns/net",
            linux={"namespaces": [*spaces, {"type": "network", "path": path}]},
        )  # fmt: skip
        ended = run(engine, folder)
    finally:
        holder.kill()
        holder.wait()
    assert (ended.code, ended.out.strip()) == (0, f"net:[{wanted}]"), ended.err
