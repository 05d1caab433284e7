"""containerd: its shim for runc with secure-oci as the binary, by ctr."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from containers import caller
from daemons import Daemon, needed, root_file_system, running
from installation import Ended, Installed

pytestmark = pytest.mark.kernel

_MAP = "0:1900000000:65536"


@pytest.fixture(scope="module")
def ctr(installed: Installed) -> Iterator[Daemon]:
    needed("containerd", "containerd-shim-runc-v2", "ctr", "unshare")
    with installed.account(caller("root")) as account:
        folder = Path(f"/var/tmp/sc-{os.urandom(3).hex()}")  # sockets allow no long path
        command = [
            "containerd", f"--root={folder}/data", f"--state={folder}/state",
            f"--address={folder}/sock",
        ]  # fmt: skip
        # Its cgroups are made below the namespace's name.
        client = ["ctr", f"--address={folder}/sock", f"--namespace={folder.name}"]
        daemon = Daemon(account, folder, client, f"/{folder.name}")
        try:
            with running(daemon, command, ("version",)):
                root_file_system(folder / "rootfs")
                yield daemon
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run(ctr: Daemon) -> Callable[..., Ended]:
    def run(*words: str, program: tuple[str, ...], name: str = "") -> Ended:
        return ctr(
            "run", f"--fifo-dir={ctr.folder}/fifo", f"--runc-binary={ctr.account.command}-oci",
            f"--runc-root={ctr.folder}/runc", *words, "--rootfs", f"{ctr.folder}/rootfs",
            name or f"c{os.urandom(4).hex()}", *program,
        )  # fmt: skip

    return run


def test_containerd_runs_a_container_whose_root_is_not_the_machines(
    ctr: Daemon, run: Callable[..., Ended]
) -> None:
    script = "cat /proc/self/uid_map; grep Seccomp: /proc/self/status; exit 7"
    ended = run("--rm", program=("/bin/sh", "-c", script))
    words = ended.out.split()
    assert (ended.code, words[0], words[-1]) == (7, "0", "2"), ended.err
    assert int(words[1]) >= 1_000_000_000
    kind, record = ctr.account.records()[-1]
    assert (kind, record["differences"]) == ("launch", [])


def test_limits_and_a_read_only_root_are_the_kernels(run: Callable[..., Ended]) -> None:
    words = ("--rm", "--memory-limit=67108864", "--read-only", "--mount",
             "type=cgroup,src=cgroup,dst=/sys/fs/cgroup,options=ro:nosuid")  # fmt: skip
    script = "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max 2>/dev/null; touch /x"
    ended = run(*words, program=("/bin/sh", "-c", script))
    assert (ended.code, ended.out.split()) == (1, [str(64 << 20)]), ended.err
    assert "Read-only file system" in ended.err


def test_ctr_enters_pauses_and_kills_a_container(ctr: Daemon, run: Callable[..., Ended]) -> None:
    assert run("--detach", program=("/bin/sleep", "100"), name="long").code == 0
    entered = ctr(
        "task", "exec", f"--fifo-dir={ctr.folder}/fifo", "--exec-id=e", "long",
        "/bin/sh", "-c", "echo in; exit 4",
    )  # fmt: skip
    assert (entered.code, entered.out) == (4, "in\n"), entered.err
    assert ctr("task", "pause", "long").code == 0
    assert "PAUSED" in ctr("task", "list").out
    assert ctr("task", "resume", "long").code == 0
    assert "RUNNING" in ctr("task", "list").out
    assert ctr("task", "kill", "--signal=9", "long").code == 0
    assert "exit code 137" in ctr("task", "delete", "--force", "long").err
    assert ctr("containers", "delete", "long").code == 0
    assert ctr.cgroups() == []


def test_the_policys_no_reaches_the_user(run: Callable[..., Ended]) -> None:
    ended = run("--rm", "--cap-add=CAP_SYS_ADMIN", program=("/bin/true",))
    assert ended.code == 1
    assert "refuses container" in ended.err
    assert "RUN003" in ended.err


def test_cgroups_of_systemd_are_refused_with_the_way_out(run: Callable[..., Ended]) -> None:
    words = ("--rm", "--runc-systemd-cgroup", "--cgroup=system.slice:test:unit")
    ended = run(*words, program=("/bin/true",))
    assert ended.code == 1
    assert "--systemd-cgroup is refused" in ended.err
    assert "cgroupfs" in ended.err
