"""A program that prints without end, to readers that are gone or full; and zombies."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from installation import Account, leaves_nothing
from made_images import Images

pytestmark = pytest.mark.kernel

_FLOOD = ("sh", "-c", "exec yes 0123456789abcdef0123456789abcdef")
_MUCH = 16 << 20
_MOST_KIB = 40 << 10  # the whole supervisor; an interpreter alone takes a quarter of it
_SIGPIPE = 128 + signal.SIGPIPE


def memory_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def test_a_reader_that_goes_away_ends_the_program(engine: Account, images: Images) -> None:
    with leaves_nothing(engine):
        process = engine.start("run", images.good, *_FLOOD, stderr=subprocess.DEVNULL)
        assert process.stdout
        assert process.stdout.read(17) == "0123456789abcdef0"
        process.stdout.close()
        assert process.wait(30) == _SIGPIPE
    assert engine.records()[-1][0] == "exit"


def test_what_goes_through_the_supervisor_fills_no_memory(engine: Account, images: Images) -> None:
    # A terminal is not handed to the program: the supervisor copies.
    master, slave = pty.openpty()
    with leaves_nothing(engine):
        process = engine.start("run", images.good, *_FLOOD, stdout=slave, stderr=subprocess.DEVNULL)
        os.close(slave)
        got = 0
        while got < _MUCH:
            got += len(os.read(master, 1 << 16))
        assert memory_kib(process.pid) < _MOST_KIB
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            drain(master)
        assert process.returncode == 128 + signal.SIGTERM
    os.close(master)


def drain(master: int) -> None:
    if select.select([master], [], [], 0.05)[0]:
        with suppress(OSError):  # EIO: the other side is closed
            os.read(master, 1 << 16)


def test_a_file_that_takes_no_more_ends_the_program(engine: Account, images: Images) -> None:
    engine.secure("run", images.good, "true")  # unpacked, which the limit would end as well
    with leaves_nothing(engine), (engine.folder / "printed").open("w") as out:
        done = subprocess.run(
            ["prlimit", "--fsize=1048576", *engine.arguments("run", images.good, *_FLOOD)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, timeout=60, check=False,
            env=engine.environment, **engine.who.credentials,
        )  # fmt: skip
    assert done.returncode == _SIGPIPE
    assert (engine.folder / "printed").stat().st_size == 1 << 20


def test_orphans_that_end_are_reaped_and_cost_no_place(engine: Account, images: Images) -> None:
    script = "i=0; while [ $i -lt 1500 ]; do (true &) ; i=$((i+1)); done; ps | grep -c Z; exit 7"
    ended = engine.secure("run", "--pids-limit", "64", images.good, "sh", "-c", script)
    assert ended.code == 7, ended.err
    assert int(ended.out) < 10


def test_a_terminal_that_stands_still_keeps_nobody_from_ending_the_container(
    engine: Account, images: Images
) -> None:
    master, slave = pty.openpty()
    os.fchown(slave, engine.who.uid, -1)  # as a login does
    with leaves_nothing(engine):
        process = engine.start("run", images.good, *_FLOOD, stdout=slave, stderr=subprocess.DEVNULL)
        os.close(slave)
        assert os.read(master, 16)
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(30) == 128 + signal.SIGTERM
        finally:
            process.kill()
            process.wait()
            os.close(master)


def test_a_file_goes_in_while_the_answer_comes_out(engine: Account, images: Images) -> None:
    # Both pipes are full at times: who waits for one must serve the other.
    given = os.urandom(1 << 20) * 3
    (engine.folder / "given").write_bytes(given)
    source, target = (engine.folder / "given").open(), (engine.folder / "got").open("w")
    with leaves_nothing(engine), source, target:
        process = engine.start(
            "run", "-i", images.good, "dd", "bs=300000", stdin=source, stdout=target,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.wait(60) == 0
    assert (engine.folder / "got").read_bytes() == given
