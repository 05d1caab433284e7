"""dockerd with `--add-runtime secure=…`: with user namespaces of its own, and without.

Without them the runtime shifts the container's ids itself, which takes a storage driver whose
file system can be mounted with other ids: vfs, not overlay2.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from containers import caller
from daemons import Daemon, archive, needed, root_file_system, running
from installation import Ended, Installed

pytestmark = pytest.mark.kernel

_DRIVERS = {"remapped": ["overlay2", "--userns-remap=nobody:nogroup"], "shifted": ["vfs"]}


@pytest.fixture(scope="module", params=["remapped", "shifted"])
def docker(request: pytest.FixtureRequest, installed: Installed) -> Iterator[Daemon]:
    needed("dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker", "unshare")
    with installed.account(caller("root")) as account:
        folder = Path(f"/var/tmp/sd-{os.urandom(3).hex()}")  # sockets allow no long path
        socket, parent = f"unix://{folder}/sock", f"/{folder.name}"
        driver, *more = _DRIVERS[request.param]
        command = [
            "dockerd", f"--data-root={folder}/data", f"--exec-root={folder}/exec",
            f"--host={socket}", f"--pidfile={folder}/pid", "--bridge=none", "--iptables=false",
            "--ip6tables=false", f"--storage-driver={driver}", f"--cgroup-parent={parent}",
            f"--add-runtime=secure={account.command}-oci", *more,
        ]  # fmt: skip
        daemon = Daemon(account, folder, ["docker", f"--host={socket}"], parent)
        try:
            with running(daemon, command, ("info",)):
                rootfs = root_file_system(folder / "rootfs")
                made = daemon("import", str(archive(rootfs, folder / "image.tar")), "image")
                assert made.code == 0, made.err
                yield daemon
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run(docker: Daemon) -> Callable[..., Ended]:
    def run(*words: str) -> Ended:
        network = () if any(word.startswith("--network") for word in words) else ("--network=none",)
        return docker("run", "--runtime=secure", *network, *words)

    return run


@pytest.fixture
def sleeping(docker: Daemon, run: Callable[..., Ended]) -> Iterator[str]:
    """The name of a container that runs."""
    name = f"c{os.urandom(4).hex()}"
    started = run("-d", "--name", name, "image", "sh", "-c", "echo logged; exec sleep 100")
    assert started.code == 0, started.err
    yield name
    docker("rm", "-f", name)


def test_docker_runs_a_container_whose_root_is_not_the_machines(
    docker: Daemon, run: Callable[..., Ended]
) -> None:
    script = "id -u; cat /proc/self/uid_map; grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status"
    ended = run("--rm", "image", "sh", "-c", f"{script}; exit 7")
    words = ended.out.split()
    assert (ended.code, words[:2], words[4:]) == (
        7, ["0", "0"], ["NoNewPrivs:", "1", "Seccomp:", "2"],
    ), ended.err  # fmt: skip
    assert int(words[2]) >= 1_000_000_000
    kind, record = docker.account.records()[-1]
    assert (kind, record["differences"]) == ("launch", [])
    assert docker.cgroups() == []
    assert not list(docker.folder.glob("exec/runtime-*/moby/*"))


def test_a_terminal_is_the_containers_own(run: Callable[..., Ended]) -> None:
    ended = run("--rm", "-t", "image", "tty")
    assert (ended.code, ended.out.strip()) == (0, "/dev/pts/0"), ended.err


def test_limits_and_a_read_only_root_are_the_kernels(run: Callable[..., Ended]) -> None:
    script = (
        "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes memory.max 2>/dev/null;"
        "cat pids/pids.max pids.max 2>/dev/null; touch /x"
    )
    ended = run(
        "--rm", "--memory=64m", "--pids-limit=20", "--read-only", "image", "sh", "-c", script
    )
    assert (ended.code, ended.out.split()) == (1, [str(64 << 20), "20"]), ended.err
    assert "Read-only file system" in ended.err


def test_too_much_memory_is_reported_as_such(docker: Daemon, run: Callable[..., Ended]) -> None:
    ended = run("--name", "oom", "--memory=32m", "--memory-swap=32m", "image", "sh", "-c",
                "exec dd if=/dev/zero of=/dev/null bs=200M count=1")  # fmt: skip
    told = docker("inspect", "--format={{.State.OOMKilled}}", "oom").out.strip()
    docker("rm", "-f", "oom")
    assert (ended.code, told) == (137, "true"), ended.err


def test_docker_enters_watches_and_ends_a_container(docker: Daemon, sleeping: str) -> None:
    entered = docker("exec", sleeping, "sh", "-c", "echo in; exit 5")
    assert (entered.code, entered.out) == (5, "in\n"), entered.err
    assert docker("exec", "-t", sleeping, "tty").out.strip().startswith("/dev/pts/")
    assert docker("exec", "--user=5", "--workdir=/tmp", sleeping, "id", "-u").out == "5\n"
    assert docker("logs", sleeping).out == "logged\n"
    assert "sleep 100" in docker("top", sleeping).out
    assert docker("pause", sleeping).code == 0
    assert "Paused" in docker("ps").out
    assert docker("unpause", sleeping).code == 0
    assert docker("update", "--memory=50m", "--memory-swap=50m", sleeping).code == 0
    assert "50MiB" in docker("stats", "--no-stream", sleeping).out
    assert docker("kill", "--signal=USR1", sleeping).code == 0
    # pid 1 of a pid namespace ignores what it has no handler for, so TERM alone does not end it.
    assert docker("stop", "--time=0", sleeping).code == 0
    assert docker("wait", sleeping).out == "137\n"
    assert docker("start", sleeping).code == 0
    assert docker("kill", sleeping).code == 0


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (["--cap-add=SYS_ADMIN"], "RUN003"),
        (["--volume=/etc:/x"], "RUN021"),
        (["--volume={folder}/sock:/var/run/docker.sock"], "RUN020"),
        (["--device=/dev/fuse"], "RUN024"),
        (["--uts=host"], "RUN015"),
    ],
)
def test_the_policys_no_reaches_the_user(
    docker: Daemon, run: Callable[..., Ended], asked: list[str], rule: str
) -> None:
    ended = run("--rm", *(word.format(folder=docker.folder) for word in asked), "image", "true")
    assert ended.code == 125
    assert "refuses container" in ended.err
    assert rule in ended.err, ended.err


def test_a_process_may_not_hold_more_than_the_policy_grants(docker: Daemon, sleeping: str) -> None:
    ended = docker("exec", "--privileged", sleeping, "true")
    assert ended.code != 0
    assert "RUN003" in ended.out + ended.err


@pytest.mark.parametrize(("program", "code"), [("nosuch", 127), ("/tmp", 126)])
def test_a_program_that_cannot_be_executed_has_the_usual_code(
    run: Callable[..., Ended], program: str, code: int
) -> None:
    assert run("--rm", "image", program).code == code


@pytest.mark.parametrize(
    ("kind", "shown"), [("pid", "ls /proc/1/fd"), ("network", "ls /sys/class/net")]
)
def test_a_container_joins_a_namespace_of_another(
    run: Callable[..., Ended], sleeping: str, kind: str, shown: str
) -> None:
    ended = run("--rm", f"--{kind}=container:{sleeping}", "image", *shown.split())
    assert (ended.code, ended.out.split()[0]) == (0, {"pid": "0", "network": "lo"}[kind]), ended.err


def test_volumes_can_be_written_even_one_within_another(
    docker: Daemon, run: Callable[..., Ended]
) -> None:
    before = Path("/proc/self/mountinfo").read_text().count("\n")
    words = ("--rm", "-v", "outer:/data", "-v", "inner:/data/inner", "image")
    ended = run(*words, "sh", "-c", "echo kept >/data/inner/file")
    assert ended.code == 0, ended.err
    assert run("--rm", "-v", "inner:/data", "image", "cat", "/data/file").out == "kept\n"
    assert Path("/proc/self/mountinfo").read_text().count("\n") == before


def test_both_names_of_a_container_are_set(run: Callable[..., Ended]) -> None:
    ended = run("--rm", "--hostname=h", "--domainname=d", "image", "sh", "-c",
                "hostname; cat /proc/sys/kernel/domainname")  # fmt: skip
    assert ended.out.split() == ["h", "d"], ended.err


def test_without_a_user_namespace_overlay_is_refused_with_the_way_out(
    docker: Daemon, run: Callable[..., Ended]
) -> None:
    if "overlay2" not in docker("info", "--format={{.Driver}}").out:
        pytest.skip("this daemon keeps its images in plain directories")
    ended = run("--rm", "--userns=host", "image", "true")
    assert ended.code == 125
    assert "dockerd --userns-remap" in ended.err
