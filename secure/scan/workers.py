"""One process per layer, largest first: crashes, limits and flaws stay with their layer.

    parent                          worker (fork)
    ──────                          ─────────────
    pipe, fork            ────▶     close what is not its own, lock itself in
                                    read the layer in one pass
    poll, read            ◀────     msgpack of LayerFacts, then exit 0
    wait, decode                    anything else: the layer is void, and said to be

Results are decoded as `LayerFacts` or not at all; a worker can't make the parent run anything.
"""

from __future__ import annotations

import os
import select
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence

import msgspec

from secure.errors import SecureError
from secure.facts.image import Unreadable
from secure.facts.plain import plain
from secure.kernel.libc import mallopt
from secure.oci.limits import MIB
from secure.scan.layer_facts import LayerFacts
from secure.scan.sandbox import lock_in

_MAX_RESULT = 512 * MIB  # two million names of 200 bytes, and facts
_CHUNK = 1 * MIB
# malloc.h: give memory back to the kernel when so much is free, take so much at once, give blocks
# of this size an area of their own, and have one heap, not one for each thread. Pieces of 256 KiB
# come and go thousands of times a layer, and files of up to 16 MiB are looked through whole: in
# areas of their own they cost a page fault for every 4 KiB, 3 us each. Those of 8 MiB and more are
# few, and do not fit into what earlier ones left: in the heap they took 25 MiB more.
_MALLOC = {-1: 64 * MIB, -2: 1 * MIB, -3: 8 * MIB, -8: 1}

Job = Callable[[], LayerFacts]


class Result(msgspec.Struct, frozen=True):
    """What came of one job: its facts, and the same as bytes (empty for a void layer)."""

    facts: LayerFacts
    packed: bytes


class _Worker:
    """A running process and what it has said so far."""

    def __init__(self, index: int, pid: int, pipe: int) -> None:
        self.index, self.pid, self.pipe = index, pid, pipe
        self.pieces: list[bytes] = []
        self.size = 0

    def take(self) -> bool:
        """Read once; false when the worker has finished or says too much."""
        piece = os.read(self.pipe, _CHUNK)
        self.pieces.append(piece)
        self.size += len(piece)
        return bool(piece) and self.size <= _MAX_RESULT

    def end(self) -> Result:
        """Wait for the process and decode its result."""
        os.close(self.pipe)
        if self.size > _MAX_RESULT:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != 0 or self.size > _MAX_RESULT:
            return _void(_described(code))
        packed = b"".join(self.pieces)
        self.pieces.clear()
        try:
            facts = msgspec.msgpack.decode(packed, type=LayerFacts)
        except msgspec.MsgspecError as cause:
            return _void(f"its worker sent something that is no result: {cause}")
        return Result(facts, b"" if facts.voided else packed)

    def kill(self) -> None:
        """End it without a result."""
        os.close(self.pipe)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def run_all(
    jobs: Sequence[tuple[int, Job]],
    at_once: int,
    readable: Sequence[int] = (),
    meanwhile: Callable[[], None] | None = None,
) -> Iterator[tuple[int, Result]]:
    """Run jobs in this order, each in a process of its own, and yield (index, result) as they end.

    Args:
        jobs: index and work; put the largest first.
        at_once: how many processes run side by side, at least 1.
        readable: descriptors of directories that a job must open files below.
        meanwhile: called once, when the first processes run.
    """
    waiting = list(reversed(jobs))
    running: dict[int, _Worker] = {}
    poll = select.poll()
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                worker = _start(*waiting.pop(), [w.pipe for w in running.values()], readable)
                running[worker.pipe] = worker
                poll.register(worker.pipe, select.POLLIN)
            if meanwhile is not None:
                meanwhile()
                meanwhile = None
            for pipe, _ in poll.poll():
                if running[pipe].take():
                    continue
                poll.unregister(pipe)
                worker = running.pop(pipe)
                yield worker.index, worker.end()
    finally:
        for worker in running.values():
            worker.kill()


def _start(index: int, job: Job, others: list[int], readable: Sequence[int]) -> _Worker:
    receive, send = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads. The child takes no lock that a thread of ours
        # could hold: it reads descriptors, computes and exits.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        _be_worker(job, send, [receive, *others], readable)
    os.close(send)
    return _Worker(index, pid, receive)


def _be_worker(job: Job, send: int, foreign: list[int], readable: Sequence[int]) -> None:
    """Never returns: whatever happens, this process must not go on as a second parent."""
    code = 1
    try:
        for fd in foreign:
            os.close(fd)
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for option, value in _MALLOC.items():
            mallopt(option, value)
        # The first has the largest layer. Who starts beside it steps back, so that all end together
        # instead of the largest alone, on one processor.
        os.nice(len(foreign) - 1)
        lock_in(readable)
        _send(send, msgspec.msgpack.encode(_facts_of(job)))
        code = 0
    finally:
        os._exit(code)


def _facts_of(job: Job) -> LayerFacts:
    try:
        return job()
    except SecureError as cause:
        text = f"{cause.what} {cause.do}".strip()
    except MemoryError:
        text = "its worker ran out of its memory limit"
    except Exception as cause:  # noqa: BLE001 - hostile input met a flaw of ours: say so, go on
        text = f"our fault: {type(cause).__name__}: {cause}"
    return _void(text).facts


def _send(pipe: int, packed: bytes) -> None:
    view = memoryview(packed)
    while view:
        view = view[os.write(pipe, view) :]


def _void(why: str) -> Result:
    return Result(LayerFacts(unreadable=(Unreadable("", 0, plain(why)),), voided=True), b"")


def _described(code: int) -> str:
    if code < 0:
        return f"its worker was killed by {signal.Signals(-code).name}"
    return f"its worker ended with status {code}" if code else "its worker said too much"
