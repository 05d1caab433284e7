"""A container starts, runs and ends; what went wrong is said, and nothing is left."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from containers import Caller, Workshop

pytestmark = pytest.mark.kernel


def mounts() -> str:
    return Path("/proc/self/mountinfo").read_text()


def test_a_program_runs_and_its_code_comes_back(shop: Workshop, who: Caller) -> None:
    found = shop.start(who, "/bin/sh", "-c", "echo out; echo err >&2; exit 7")
    assert (found.code, found.out, found.err) == (7, "out\n", "err\n")


def test_death_by_signal_is_128_plus_its_number(shop: Workshop, who: Caller) -> None:
    assert shop.start(who, "/bin/sh", "-c", "kill -9 $$").code == 137


def test_a_command_is_found_on_path(shop: Workshop, user: Caller) -> None:
    assert shop.start(user, "echo", "here").out == "here\n"


def test_a_missing_command_is_127(shop: Workshop, user: Caller) -> None:
    found = shop.start(user, "no-such-program")
    assert found.code == 127
    assert 'command "no-such-program" is not in the image' in found.err


def test_a_file_that_is_no_program_is_126(shop: Workshop, user: Caller) -> None:
    found = shop.start(user, "/etc/passwd")
    assert found.code == 126
    assert "Permission denied" in found.err


def test_a_working_directory_that_is_missing_is_named(shop: Workshop, user: Caller) -> None:
    found = shop.start(user, "/bin/true", cwd="/no/such")
    assert found.code == 125
    assert '"/no/such"' in found.err


def test_input_reaches_the_program_and_ends(shop: Workshop, who: Caller) -> None:
    assert shop.start(who, "/bin/cat", stdin="hello\n", interactive=True).out == "hello\n"


def test_without_interactive_there_is_no_input(shop: Workshop, user: Caller) -> None:
    assert shop.start(user, "/bin/wc", "-c", stdin="hello\n").out.strip() == "0"


def test_large_output_is_not_cut(shop: Workshop, user: Caller) -> None:
    found = shop.start(user, "/bin/sh", "-c", "yes 0123456789 | head -n 200000")
    assert len(found.out) == 11 * 200_000


def test_orphans_are_reaped(shop: Workshop, who: Caller) -> None:
    script = "(sleep 0.1 & ) ; (true & ) ; sleep 0.4; ps -o stat | grep -c Z"
    assert shop.start(who, "/bin/sh", "-c", script).out == "0\n"


def test_what_the_program_left_running_dies_with_it(shop: Workshop, user: Caller) -> None:
    started = time.monotonic()
    found = shop.start(user, "/bin/sh", "-c", "sleep 300 & exit 3")
    assert found.code == 3
    assert time.monotonic() - started < 30


def test_a_signal_to_the_supervisor_reaches_the_program(shop: Workshop, who: Caller) -> None:
    script = "trap 'echo caught; exit 5' TERM; echo ready; while true; do sleep 0.05; done"
    with shop.prepared(who, {}) as spec:
        process = subprocess.Popen(
            shop.command(spec, None, "/bin/sh", "-c", script),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            **who.credentials,
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        rest = process.communicate(timeout=30)[0]
    assert (rest, process.returncode) == ("caught\n", 5)


def test_a_killed_supervisor_takes_the_container_along(shop: Workshop, who: Caller) -> None:
    with shop.prepared(who, {}) as spec:
        process = subprocess.Popen(
            shop.command(spec, None, "/bin/sh", "-c", "echo ready; sleep 300"),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            **who.credentials,
        )
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        import json

        pid = json.loads((spec.parent / "seen.json").read_text())["pid"]
        process.kill()
        process.communicate(timeout=30)
        deadline = time.monotonic() + 10
        while is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_nothing_is_left_after_any_end(shop: Workshop, who: Caller) -> None:
    before = mounts()
    for command in (["/bin/true"], ["no-such-program"], ["/bin/sh", "-c", "kill -9 $$"]):
        shop.start(who, *command)
    assert mounts() == before
    assert not list(Path("/tmp").glob("lower")), "the skeleton must not appear on the host"


def test_the_host_name_and_hosts_file_are_the_containers_own(shop: Workshop, who: Caller) -> None:
    found = shop.start(who, "/bin/sh", "-c", "hostname; cat /etc/hostname; cat /etc/hosts")
    assert found.out.splitlines()[:2] == ["inside", "inside"]
    assert "127.0.0.1 localhost inside" in found.out
    assert os.uname().nodename != "inside"


def test_loopback_is_up_and_alone(shop: Workshop, who: Caller) -> None:
    found = shop.start(who, "/bin/sh", "-c", "ip -o link; ip -o addr show lo")
    links = [line for line in found.out.splitlines() if ": lo:" not in line and "lo  " not in line]
    assert "127.0.0.1" in found.out
    assert not [line for line in links if "UP" in line]


def test_a_volume_is_read_only_unless_asked(shop: Workshop, who: Caller, tmp_path: Path) -> None:
    shared_folder = shop.folder / f"volume-{os.urandom(3).hex()}"
    shared_folder.mkdir()
    shared_folder.chmod(0o777)
    (shared_folder / "file").write_text("content")
    script = "cat /data/file; touch /data/new && echo wrote"
    read_only = shop.start(
        who, "/bin/sh", "-c", script, binds=[[str(shared_folder), "/data", True]]
    )
    assert read_only.out == "content"
    assert "Read-only file system" in read_only.err
    writable = shop.start(
        who, "/bin/sh", "-c", script, binds=[[str(shared_folder), "/data", False]]
    )
    assert writable.out == "contentwrote\n"


def test_a_single_file_can_be_shared(shop: Workshop, who: Caller) -> None:
    shared_file = shop.folder / f"file-{os.urandom(3).hex()}"
    shared_file.write_text("content")
    shared_file.chmod(0o644)
    binds = [[str(shared_file), "/etc/app/app.conf", True]]
    assert shop.start(who, "/bin/cat", "/etc/app/app.conf", binds=binds).out == "content"
