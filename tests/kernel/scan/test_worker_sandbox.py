"""What a locked-in worker can't do, asked of the kernel; the control does it without the lock."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from secure.facts.image import Unreadable
from secure.kernel import landlock_ruleset
from secure.scan.layer_facts import LayerFacts
from secure.scan.sandbox import lock_in
from secure.scan.sandbox_filter import worker_filter
from secure.scan.workers import Result, run_all

Attempt = Callable[[], object]


def told(attempt: Attempt) -> str:
    """What happens when a worker tries: "" for success, else the error."""
    (result,) = [found for _, found in run_all([(0, _job(attempt))], 1)]
    return result.facts.unreadable[0].why if result.facts.unreadable else ""


def _job(attempt: Attempt) -> Callable[[], LayerFacts]:
    def job() -> LayerFacts:
        try:
            attempt()
        except OSError as error:
            return LayerFacts(unreadable=(Unreadable("", 0, str(error)),))
        return LayerFacts()

    return job


def unlocked(attempt: Attempt) -> bool:
    """The control: does the same work in a child that has not locked itself in?"""
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _execute() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606


def _start() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


ATTEMPTS: list[tuple[str, Attempt]] = [
    ("read a file", lambda: os.close(os.open("/etc/passwd", os.O_RDONLY))),
    ("list a directory", lambda: os.close(os.open("/etc", os.O_RDONLY | os.O_DIRECTORY))),
    ("write a file", lambda: os.close(os.open("/dev/null", os.O_WRONLY))),
    ("execute", _execute),
    ("start a process", _start),
    ("open a socket", lambda: socket.socket(socket.AF_UNIX).close()),
    ("signal its parent", lambda: os.kill(os.getppid(), 0)),
    ("change its root", lambda: os.chdir("/")),
]


@pytest.mark.parametrize("attempt", [a for _, a in ATTEMPTS], ids=[name for name, _ in ATTEMPTS])
def test_a_worker_cannot(attempt: Attempt) -> None:
    if not landlock_ruleset.abi():
        pytest.skip("this kernel has no Landlock")
    if not worker_filter():
        pytest.skip("no system call numbers for this machine")
    assert unlocked(attempt), "the control does not work here"
    assert told(attempt)


def test_a_worker_may_use_threads() -> None:
    def run() -> None:
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()

    assert told(run) == ""


def test_the_kernel_confirms_the_lock() -> None:
    (ready, say), (wait, release) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            lock_in(())
            os.write(say, b"1")
            os.read(wait, 1)
        finally:
            os._exit(0)
    try:
        assert os.read(ready, 1) == b"1"
        process = Path("/proc") / str(pid)
        status = dict(
            line.split(":\t", 1) for line in (process / "status").read_text().splitlines()
        )
        limits = (process / "limits").read_text()
    finally:
        os.write(release, b"1")
        os.waitpid(pid, 0)
        for fd in (ready, say, wait, release):
            os.close(fd)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert limits_of(limits, "Max file size") == ["0", "0"]
    assert limits_of(limits, "Max core file size") == ["0", "0"]
    assert "unlimited" not in limits_of(limits, "Max address space")
    assert "unlimited" not in limits_of(limits, "Max cpu time")


def limits_of(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(name)]
    return line.removeprefix(name).split()[:2]


def run_one(job: Callable[[], LayerFacts]) -> Result:
    ((_, result),) = run_all([(0, job)], 1)
    return result


def test_a_killed_worker_voids_its_layer() -> None:
    def die() -> LayerFacts:
        faulthandler.disable()
        os.abort()

    result = run_one(die)
    assert result.facts.voided
    assert "SIGABRT" in result.facts.unreadable[0].why
    assert result.packed == b""


def test_a_worker_without_memory_voids_its_layer() -> None:
    def swell() -> LayerFacts:
        bytearray(64 << 30)
        return LayerFacts()

    result = run_one(swell)
    assert result.facts.voided
    assert "memory" in result.facts.unreadable[0].why


def test_a_flaw_of_ours_voids_the_layer_and_is_named() -> None:
    def fail() -> LayerFacts:
        raise ZeroDivisionError("a\nb")

    result = run_one(fail)
    assert result.facts.voided
    assert "ZeroDivisionError: a\\nb" in result.facts.unreadable[0].why


def test_a_worker_that_exits_silently_voids_its_layer() -> None:
    def leave() -> LayerFacts:
        os._exit(0)

    assert run_one(leave).facts.voided


def test_results_come_from_as_many_workers_as_asked() -> None:
    jobs = [(n, lambda n=n: LayerFacts(entries=n)) for n in range(7)]
    found = {index: result.facts.entries for index, result in run_all(jobs, 3)}
    assert found == {n: n for n in range(7)}


def test_no_process_is_left_when_the_reader_stops(tmp_path: Path) -> None:
    def sleep() -> LayerFacts:
        signal.pause()
        return LayerFacts()

    # Other tests make this process the reaper of orphans: only what is new counts.
    before = children()
    running = run_all([(0, LayerFacts), (1, sleep)], 2)
    next(running)
    assert children() - before, "the second worker must still run, or this test shows nothing"
    running.close()  # type: ignore[attr-defined]  # a generator
    assert children() - before == set()


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
