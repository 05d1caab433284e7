"""Containers of one request, started again and again from one process: batch work, servers.

What `secure run` decides once, a `Launcher` decides once and keeps for as long as nothing that it
was decided from has changed: the policy files, the image, the name it was asked by, the day. Every
container still has its own plan, its evidence gate and its records.

    with Launcher(RunRequest(image="app.tar", command=("/bin/job",)), sys.stderr.write) as launcher:
        while work: print(launcher.run().exit_code)
"""

from __future__ import annotations

from secure import system as os
from secure.errors import SecureError, UsageError, shortage
from secure.flows.clock import now
from secure.flows.launch import carry_out, decide, dismiss, stand_by
from secure.flows.policies import effective
from secure.kernel import signals
from secure.runtime import stdio
from secure.runtime.supervisor import HANDLED
from secure.store.paths import data_dir
from secure.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from secure.flows.launch import Allowed, Standing
    from secure.runtime.request import RunRequest
    from secure.runtime.supervisor import Outcome

_DAY = len("2026-11-24")


class Launcher:
    """Starts containers of `request`.

    Standard streams are this process's. Not for a process with several threads: a clone has only
    the calling one, and what the others hold stays held in it for ever.

    As a context manager it also keeps the next container standing by: started before the one at
    hand is let go, it waits at its gate, and what the kernel enforces on it is compared when it is
    used. It has the limits and the priority that this process had when it was started; with other
    standard streams, after a change of what was decided, or when it has died, it is not used. Until
    it is used or the block ends it holds the streams that there were: of a pipe among them, whoever
    reads the other end sees no end before.

    Args:
        say: writes warnings for people.
    """

    def __init__(self, request: RunRequest, say: Callable[[str], object]) -> None:
        self._request = request
        self._say = say
        self._decided: Allowed | None = None
        self._basis: tuple[object, ...] = ()
        self._ahead = False
        self._standing: Standing | None = None
        self._stands_for: tuple[object, ...] = ()

    def __enter__(self) -> Self:
        # What is mounted from the caller's files, or shows a terminal, is as it is when it is used.
        self._ahead = not (self._request.binds or self._request.terminal)
        return self

    def __exit__(self, *_: object) -> None:
        self._ahead = False
        self._dismiss()

    def run(self, command: tuple[str, ...] = ()) -> Outcome:
        """Run one container to its end.

        Args:
            command: instead of the request's.

        Raises:
            PolicyRefusedError: the policy says no.
            LaunchError: it was not started, or was killed at the gate.
            MachineError: no descriptor, memory or space is left.
            UsageError: this process has several threads.
        """
        try:
            return self._run(command)
        except (OSError, MemoryError) as cause:
            if short := shortage(cause):
                raise short from cause
            raise

    def _run(self, command: tuple[str, ...]) -> Outcome:
        if len(os.listdir("/proc/self/task")) > 1:
            raise UsageError(
                "containers cannot be started from a process with several threads",
                do="Start them from a process of their own.",
            )
        before = signals.handlers(HANDLED)
        try:
            # Where the caller ignores it, nobody could wait for a child.
            signals.set_default((signals.SIGCHLD,))
            ready = self._ready()
            if command:
                ready = replace(ready, request=replace(ready.request, command=command))
            argv, standing = ready.argv, self._taken()
            try:
                plan = replace(standing.start.plan, argv=argv) if standing else ready.plan()
                self._prepare_next()
            except BaseException:  # Ctrl-C: nobody else knows of that one any more
                if standing:
                    dismiss(standing)
                raise
            return carry_out(ready, plan, self._say, standing)
        finally:
            signals.restore(before)

    def _taken(self) -> Standing | None:
        """The container that stands by, if it is what a new one would be."""
        if self._stands_for != self._circumstances() or not (
            self._standing and self._standing.container.alive
        ):
            self._dismiss()
        standing, self._standing = self._standing, None
        return standing

    def _prepare_next(self) -> None:
        if self._ahead and self._decided:
            self._stands_for = self._circumstances()
            try:
                self._standing = stand_by(self._decided)
            except (OSError, MemoryError, SecureError):
                # For want of memory or descriptors, perhaps only now: the next one starts anew, and
                # says what is wrong if it still is.
                self._standing = None

    def _circumstances(self) -> tuple[object, ...]:
        return (os.getpid(), self._basis, stdio.identity())

    def _dismiss(self) -> None:
        standing, self._standing = self._standing, None
        # After a fork the container is the parent's.
        if standing and self._stands_for[0] == os.getpid():
            dismiss(standing)

    def _ready(self) -> Allowed:
        # Taken before the decision: what changes while it is being made is then noticed.
        basis = self._what_decides()
        if self._decided is None or basis != self._basis:
            self._decided = None  # a refusal must not leave the old answer behind
            self._decided = decide(self._request, self._say)
            self._basis = basis
        return self._decided

    def _what_decides(self) -> tuple[object, ...]:
        policy = effective(self._request.policy).digest
        names = f"{data_dir()}/images/names.json"
        return (now()[:_DAY], policy, _state(self._request.image), _state(names))


def _state(path: str) -> tuple[int, ...]:
    """Changes with every change of the file at `path`."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
