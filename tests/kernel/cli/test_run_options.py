"""What `secure run` was asked for is what the program finds."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from installation import Account, leaves_nothing
from made_images import Images

from secure.images.write import NewFile

pytestmark = pytest.mark.kernel


def shell(account: Account, images: Images, script: str, *flags: str) -> str:
    """What a shell script in a container prints."""
    ended = account.secure("run", *flags, images.good, "sh", "-c", script)
    assert ended.code == 0, ended.err
    return ended.out


@pytest.fixture
def share(account: Account) -> Path:
    """A folder of the caller's with a file in it."""
    folder = account.made("share/file", "content\n").parent
    # As root the program inside has a subordinate id: it is nobody's friend on the host.
    folder.chmod(0o777)
    return folder


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server on this machine's loopback that says one line to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    peer, _ = server.accept()
                except TimeoutError:
                    continue
                with peer:
                    peer.sendall(b"from the host\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            thread.join()


def test_variables_are_set_and_nothing_else_is_inherited(account: Account, images: Images) -> None:
    ended = account.secure(
        "run", "-e", "A=1", "-e", "B=two words=3", "-e", "TAKEN", images.good, "env",
        env={"TAKEN": "from the caller", "LEFT": "behind"},
    )  # fmt: skip
    found = dict(line.split("=", 1) for line in ended.out.splitlines())
    wanted = {"A": "1", "B": "two words=3", "TAKEN": "from the caller", "HOME": "/app"}
    assert found == {**wanted, "PATH": "/bin"}


def test_a_volume_is_read_only_unless_rw_is_said(
    account: Account, images: Images, share: Path
) -> None:
    script = "cat /x/file; touch /x/new 2>/dev/null && echo written"
    shell_only = account.secure("run", "-v", f"{share}:/x", images.good, "sh", "-c", script)
    assert shell_only.out == "content\n"
    assert not (share / "new").exists()
    writable = account.secure("run", "-v", f"{share}:/x:rw", images.good, "sh", "-c", script)
    assert writable.out == "content\nwritten\n"
    assert (share / "new").exists()


def test_volumes_hold_no_programs(account: Account, images: Images, share: Path) -> None:
    (share / "program").write_text("#!/bin/sh\necho ran\n")
    (share / "program").chmod(0o755)
    assert account.secure("run", "-v", f"{share}:/x", images.good, "/x/program").code == 126


@pytest.mark.parametrize("target", ["/tmp/deep/place", "/new/place", "/etc/hosts", "/app"])
def test_a_volume_goes_where_it_is_wanted(
    account: Account, images: Images, share: Path, target: str
) -> None:
    assert shell(account, images, f"cat {target}/file", "-v", f"{share}:{target}") == "content\n"


def test_a_single_file_goes_below_a_tmpfs(account: Account, images: Images, share: Path) -> None:
    flags = ("-v", f"{share}/file:/tmp/a/file")
    assert shell(account, images, "cat /tmp/a/file", *flags) == "content\n"


def test_a_tmpfs_is_as_large_as_it_was_said(account: Account, images: Images) -> None:
    script = "dd if=/dev/zero of=/scratch/big bs=64k count=64 2>&1; wc -c < /scratch/big"
    out = shell(account, images, script, "--tmpfs", "/scratch:size=1m")
    assert "No space left on device" in out
    assert out.splitlines()[-1] == str(1 << 20)


def test_the_root_is_read_only_and_tmp_is_not(account: Account, images: Images) -> None:
    script = "touch /app/new /bin/new /etc/new; touch /tmp/new && echo tmp"
    assert shell(account, images, f"{script} 2>/dev/null") == "tmp\n"


def test_working_directory_entrypoint_and_host_name(account: Account, images: Images) -> None:
    assert shell(account, images, "pwd", "--workdir", "/tmp") == "/tmp\n"
    assert shell(account, images, "pwd") == "/app\n"
    assert shell(account, images, "hostname", "--hostname", "web-1.test") == "web-1.test\n"
    ended = account.secure("run", "--entrypoint", "echo", images.good, "a", "b")
    assert ended.out == "a b\n"


@pytest.mark.parametrize(
    ("user", "ids"),
    [("app", "10001:10001"), ("7", "7:7"), ("7:8", "7:8"), ("10001", "10001:10001")],
)
def test_the_user_is_who_was_asked_for(
    account: Account, images: Images, user: str, ids: str
) -> None:
    assert shell(account, images, "echo $(id -u):$(id -g)", "--user", user) == f"{ids}\n"


def test_a_group_is_found_by_its_name(account: Account, images: Images) -> None:
    assert shell(account, images, "id -g", "--user", "7:app") == "10001\n"


def test_names_of_user_and_group_and_a_volume_of_the_image_count(
    account: Account, images: Images
) -> None:
    path = images.made("volume", user="app:app", volumes={"/data/": {}, "/cache": {}})
    script = "id -u; id -g; touch /data/new /cache/new && echo written; touch /new 2>&1"
    ended = account.secure("run", path, "sh", "-c", script)
    assert ended.out.splitlines()[:3] == ["10001", "10001", "written"], ended.err
    assert "Read-only file system" in ended.out


def test_without_a_network_the_host_is_out_of_reach(
    account: Account, images: Images, echo_port: int
) -> None:
    script = f"nc -w 1 127.0.0.1 {echo_port} < /dev/null 2>/dev/null || echo refused"
    assert shell(account, images, script) == "refused\n"


def test_with_the_network_of_the_host_it_is_in_reach(
    account: Account, images: Images, echo_port: int
) -> None:
    ended = account.secure(
        "run", "--network", "host", images.good, "nc", "-w", "2", "127.0.0.1", str(echo_port)
    )
    assert ended.out == "from the host\n"
    assert "RUN012" in ended.err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "exit 125"), 125),
        (("sh", "-c", "kill -9 $$"), 137),
        (("/app/plain",), 126),
        (("/app",), 126),
        (("no-such-program",), 127),
        (("/no/such/program",), 127),
    ],
)
def test_exit_codes(account: Account, images: Images, command: tuple[str, ...], code: int) -> None:
    with leaves_nothing(account):
        assert account.secure("run", images.good, *command).code == code


@pytest.mark.parametrize(
    ("command", "code", "why"),
    [
        ("/app/script", 127, "not its interpreter or dynamic linker"),
        ("/app/foreign", 126, "another processor"),
        ("--memory", 127, "Options come before the image"),
    ],
)
def test_a_program_that_cannot_start_is_told_why(
    account: Account, images: Images, command: str, code: int, why: str
) -> None:
    archive = images.made(
        "cannot-start",
        NewFile(b"app/script", b"#!/no/such/interpreter\n", mode=0o755),
        NewFile(b"app/foreign", b"\x7fELF\x02\x01\x01" + bytes(57), mode=0o755),
    )
    ended = account.secure("run", archive, command)
    assert ended.code == code
    assert why in ended.err
    newest = json.loads(account.secure("audit", "report", "--format", "json").out)["launches"][0]
    assert (newest["outcome"], newest["exit_code"]) == ("failed", code)
    assert newest["error"].splitlines()[0] in ended.err


def test_a_missing_working_directory_is_not_started(account: Account, images: Images) -> None:
    with leaves_nothing(account):
        ended = account.secure("run", "-w", "/no/such", images.good)
    assert ended.code == 125
    assert '"/no/such"' in ended.err


def test_input_is_passed_on_only_when_asked(account: Account, images: Images) -> None:
    assert account.secure("run", "-i", images.good, "cat", stdin="typed\n").out == "typed\n"
    assert account.secure("run", images.good, "cat", stdin="typed\n").out == ""


def test_output_to_a_file_is_relayed_whole(account: Account, images: Images) -> None:
    path = account.made("out.txt")
    with path.open("w") as file:
        ended = account.secure(
            "run", images.good, "sh", "-c", "seq 1 20000; readlink /proc/self/fd/1 >&2",
            stdout=file.fileno(),
        )  # fmt: skip
    assert path.read_text().splitlines() == [str(n) for n in range(1, 20_001)]
    assert "pipe:" in ended.err
    assert str(path) not in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_passed_on_to_the_program(
    account: Account, images: Images, number: signal.Signals
) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo caught; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    with leaves_nothing(account):
        process = account.start("run", images.good, "sh", "-c", script)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert (out, process.returncode) == ("caught\n", 9)


def test_a_program_that_minds_no_signal_can_be_killed(account: Account, images: Images) -> None:
    stubborn = "trap '' TERM; echo ready; while :; do sleep 0.05; done"
    with leaves_nothing(account):
        process = account.start("run", images.good, "sh", "-c", stubborn)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        time.sleep(0.2)
        assert process.poll() is None
        process.kill()
        process.communicate(timeout=30)
        # Nobody was left to remove the cgroup: the next launch does.
        account.secure("run", images.good)


def test_too_much_memory_is_refused_or_ends_the_program(account: Account, images: Images) -> None:
    hog = "x=0123456789abcdef; while :; do x=$x$x; done"
    with leaves_nothing(account):
        ended = account.secure("run", "--memory", "32m", images.good, "sh", "-c", hog)
    assert ended.code != 0
    if "partly" in account.secure("info").out:
        assert "out of memory" in ended.err
    else:
        assert ended.code == 137
        assert "used up its memory limit" in ended.err


def test_a_flood_of_processes_is_bounded(account: Account, images: Images) -> None:
    flood = "for n in $(seq 1 60); do sleep 1 & done 2>/dev/null; wait"
    with leaves_nothing(account):
        ended = account.secure("run", "--pids-limit", "20", images.good, "sh", "-c", flood)
    assert "can't fork" in ended.err or ended.code != 0


def test_the_number_of_processes_never_passes_its_limit(account: Account, images: Images) -> None:
    script = (
        "(for n in $(seq 1 60); do sleep 2 & done) 2>/dev/null & sleep 0.7; "
        "set -- /proc/[0-9]*; echo $#; kill -9 -1"
    )
    ended = account.secure("run", "--pids-limit", "20", images.good, "sh", "-c", script)
    assert 5 <= int(ended.out.split()[0]) <= 20


def test_everything_is_recorded_and_holds(account: Account, images: Images) -> None:
    before = len(account.records())
    account.secure("run", images.good, "sh", "-c", "exit 3")
    (launch, body), (end, ended) = account.records()[before:]
    assert (launch, end) == ("launch", "exit")
    assert body["differences"] == []
    assert ended["exit_code"] == 3
    assert ended["id"] == body["id"]
    assert account.secure("audit", "verify").code == 0
    assert os.path.basename(images.good) in body["image"]["reference"]
