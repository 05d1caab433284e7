"""podman with `--runtime secure-oci`, as root and as an ordinary user."""

from __future__ import annotations

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

pytestmark = pytest.mark.kernel

PODMAN = shutil.which("podman")


@dataclass(frozen=True)
class Podman:
    """podman of one account, with storage of its own."""

    account: Account
    rootfs: Path
    runroot: Path

    def __call__(self, *words: str) -> Ended:
        folder = self.account.folder
        storage = ["--root", f"{folder}/storage", "--runroot", str(self.runroot)]
        command = [
            str(PODMAN), *storage, "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
            "--runtime", f"{self.account.command}-oci", *words,
        ]  # fmt: skip
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=self.account.environment,
            **self.account.who.credentials,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str) -> Ended:
        # podman asks for more open files than root of a small machine may give.
        limits = [] if self.account.who.uid else ["--ulimit=nofile=1024:1024", "--ulimit=nproc=999"]
        return self("run", "--network=none", *limits, *words)


@pytest.fixture(scope="module", params=["user", "root"])
def podman(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Podman]:
    if PODMAN is None:
        pytest.skip("podman is not installed (apt-get install podman)")
    who = caller(request.param)
    if who.uid and shutil.which("newuidmap") is None:
        pytest.skip("newuidmap is not installed (apt-get install uidmap)")
    with installed.account(who) as account:
        folder = account.folder / "bundle"
        folder.mkdir()
        account.own(folder)
        for name in ("home", "runtime"):
            (account.folder / name).mkdir(mode=0o700, exist_ok=True)
            account.own(account.folder / name)
        # podman takes no path of more than 50 characters for it.
        runroot = Path(tempfile.mkdtemp(prefix="pm-", dir="/var/tmp"))
        account.own(runroot)
        made = Podman(account, make_bundle(folder, who, base_config(who)) / "rootfs", runroot)
        probe = made.run("--rm", "--rootfs", str(made.rootfs), "/bin/true")
        if probe.code == 125:
            pytest.skip(f"podman itself does not work here: {probe.err}")
        yield made
        made("rm", "--all", "--force", "--time", "0")
        if who.uid:
            made("system", "migrate")  # ends its pause process
        shutil.rmtree(runroot, ignore_errors=True)


def test_podman_runs_a_container_and_gets_output_and_code(podman: Podman) -> None:
    ended = podman.run("--rm", "--rootfs", str(podman.rootfs), "/bin/sh", "-c", "id -u; exit 7")
    assert (ended.code, ended.out) == (7, "0\n"), ended.err


def test_root_of_the_container_is_not_root_of_the_machine(podman: Podman) -> None:
    script = "cat /proc/self/uid_map; grep NoNewPrivs /proc/self/status"
    ended = podman.run("--rm", "--rootfs", str(podman.rootfs), "/bin/sh", "-c", script)
    outside = int(ended.out.split()[1])
    assert outside != 0
    assert "NoNewPrivs:\t1" in ended.out


def test_podman_gives_a_container_a_terminal(podman: Podman) -> None:
    ended = podman.run("--rm", "-t", "--rootfs", str(podman.rootfs), "/bin/tty")
    assert (ended.code, ended.out.strip()) == (0, "/dev/pts/0"), ended.err


def test_podman_execs_reads_logs_and_kills(podman: Podman) -> None:
    script = "echo logged; exec sleep 100"
    name = f"c{os.urandom(4).hex()}"
    started = podman.run(
        "-d", "--name", name, "--rootfs", str(podman.rootfs), "/bin/sh", "-c", script
    )
    assert started.code == 0, started.err
    ended = podman("exec", name, "/bin/sh", "-c", "echo entered; exit 5")
    assert (ended.code, ended.out) == (5, "entered\n"), ended.err
    assert podman("exec", "-t", name, "/bin/tty").out.strip().startswith("/dev/pts/")
    assert podman("logs", name).out == "logged\n"
    assert podman("kill", name).code == 0
    assert podman("wait", name).out == "137\n"
    assert podman("rm", "-f", name).code == 0


def test_a_program_that_is_not_there_is_127(podman: Podman) -> None:
    ended = podman.run("--rm", "--rootfs", str(podman.rootfs), "/bin/nosuch")
    assert ended.code == 127
    assert "executable file not found" in ended.err


def test_the_policys_no_reaches_the_user(podman: Podman) -> None:
    ended = podman.run("--rm", "--pid=host", "--rootfs", str(podman.rootfs), "/bin/true")
    assert ended.code == 126
    assert "RUN013" in ended.err
    asked = podman.run("--rm", "--cap-add=SYS_ADMIN", "--rootfs", str(podman.rootfs), "/bin/true")
    assert asked.code == 126
    assert "CAP_SYS_ADMIN" in asked.err


def test_a_memory_limit_of_podmans_is_the_kernels(podman: Podman) -> None:
    if podman.account.who.uid:
        pytest.skip("podman ignores limits of an ordinary user on cgroup v1")
    ended = podman.run(
        "--rm", "--memory=64m", "--rootfs", str(podman.rootfs), "/bin/sh", "-c",
        "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null",
    )  # fmt: skip
    assert ended.out.split() == [str(64 << 20)], ended.err
