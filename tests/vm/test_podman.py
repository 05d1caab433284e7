"""podman as distributions set it up, with systemd as cgroup manager, and this runtime."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bundles import base_config, make_bundle
from containers import caller
from installation import Account, Ended, Installed
from v2_containers import BUS, eventually

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("guest")]


@dataclass(frozen=True)
class Podman:
    """podman of whoever runs the tests, with storage of its own."""

    account: Account
    rootfs: Path
    runroot: Path

    def __call__(self, *words: str) -> Ended:
        storage = ["--root", f"{self.account.folder}/storage", "--runroot", str(self.runroot)]
        runtime = ["--storage-driver", "vfs", "--runtime", f"{self.account.command}-oci"]
        own = {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}"} if os.geteuid() else {}
        done = subprocess.run(
            ["podman", *storage, *runtime, *words],
            capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL,
            cwd=self.account.folder, env=self.account.environment | BUS | own,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str, script: str) -> Ended:
        rootfs = ["--rootfs", str(self.rootfs)]
        return self("run", "--network=none", *words, *rootfs, "/bin/sh", "-c", script)


@pytest.fixture(scope="module")
def podman(installed: Installed) -> Iterator[Podman]:
    with installed.account(caller("user" if os.geteuid() else "root")) as account:
        folder = account.folder / "bundle"
        folder.mkdir()
        runroot = Path(tempfile.mkdtemp(prefix="pm-", dir="/var/tmp"))
        for name in ("home", "runtime"):
            (account.folder / name).mkdir(mode=0o700, exist_ok=True)
        rootfs = make_bundle(folder, account.who, base_config(account.who)) / "rootfs"
        made = Podman(account, rootfs, runroot)
        yield made
        made("rm", "--all", "--force", "--time", "0")
        made("system", "migrate")
        shutil.rmtree(runroot, ignore_errors=True)


def test_podman_leaves_cgroups_to_systemd(podman: Podman) -> None:
    """What the tests below stand on."""
    found = podman("info", "--format", "{{.Host.CgroupManager}} {{.Host.CgroupsVersion}}")
    assert found.out.strip() == "systemd v2", found.err


def test_limits_of_podman_are_the_kernels(podman: Podman) -> None:
    limits = ("--memory=64m", "--pids-limit=20", "--cpus=0.5")
    script = "cd /sys/fs/cgroup; cat memory.max pids.max cpu.max; exit 7"
    ended = podman.run("--rm", *limits, script=script)
    assert (ended.code, ended.out.split()) == (7, [str(64 << 20), "20", "50000", "100000"]), (
        ended.err
    )


def test_podman_enters_pauses_and_stops_a_container_in_a_scope(podman: Podman) -> None:
    name = f"c{os.urandom(4).hex()}"
    # Which later versions of podman write by themselves.
    stop = {"KillSignal": "37", "TimeoutStopUSec": "uint64 10000000"}
    notes = [f"--annotation=org.systemd.property.{key}={text}" for key, text in stop.items()]
    started = podman.run("--detach", f"--name={name}", *notes, script="exec sleep 100")
    assert started.code == 0, started.err
    state = json.loads(podman("inspect", name).out)[0]["State"]
    scope = f"libpod-{started.out.strip()}.scope"
    own = Path(f"/proc/{state['Pid']}/cgroup").read_text().strip().removeprefix("0::")
    assert Path(own).parts[-2:] == (scope, "container")
    manager = [] if os.geteuid() == 0 else ["--user"]
    show = ["systemctl", *manager, "show", "--value", "--property=KillSignal,TimeoutStopUSec"]
    told = subprocess.run([*show, scope], check=True, capture_output=True, text=True,
                          env=os.environ | BUS).stdout  # fmt: skip
    assert set(told.split()) == {"37", "10s"}
    entered = podman("exec", name, "/bin/sh", "-c", "cat /proc/self/cgroup; exit 5")
    assert (entered.code, entered.out) == (5, "0::/\n"), entered.err
    assert podman("pause", name).code == 0
    assert Path(f"/sys/fs/cgroup{own}/cgroup.freeze").read_text() == "1\n"
    assert podman("unpause", name).code == 0
    assert podman("restart", "--time=0", name).code == 0  # the same unit once more
    assert podman("rm", "--force", "--time=0", name).code == 0
    assert eventually(lambda: not list(Path("/sys/fs/cgroup").glob(f"**/{scope}")))


def test_too_much_memory_is_killed(podman: Podman) -> None:
    # podman's own OOMKilled stays false here, with crun as the runtime too.
    limits = ("--rm", "--memory=32m", "--memory-swap=32m")
    ended = podman.run(*limits, script="exec tail -c 200m /dev/zero")
    assert (ended.code, ended.out) == (137, ""), ended.err
