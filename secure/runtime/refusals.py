"""System calls that the filter refused: answered, and counted, by the supervisor.

The filter hands each to us and the caller waits for our answer, which is the errno that the profile
says. What is bounded here:
- calls in all: after `MOST_CALLS` the supervisor closes the listener, and the kernel answers ENOSYS
  by itself, at the price of any refused call. So it does if this process dies: never permission.
- calls at a time: one for each round of the supervisor's loop, so that nothing else waits.
- the wait for init, which lives under the filter before the program does: see `until_told`.
"""

from __future__ import annotations

import select

from secure import system as os
from secure.errors import LaunchError, SecureError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CALLS = 1_024
_EPERM = 1
_LOOK_MS = 250  # how often to ask why init does not send its listener
_ASLEEP_BEHIND_A_FILTER = {"State:\tS (sleeping)", "Seccomp:\t2"}  # proc(5), PID/status


@value
class Refused:
    """One system call that was refused, for one reason.

    Args:
        call: struct seccomp_data of the first time. errno: the answer. count: how often.
    """

    call: bytes
    errno: int
    count: int


class Refusals:
    """The refused calls of one container.

    Args:
        listener: of the filter; closed here.
        plain: the same filter in the form that refuses by itself. Asked for at the first call.
    """

    def __init__(self, listener: int, plain: Callable[[], bytes]) -> None:
        self.listener = listener
        self.overflowed = False
        self._plain = plain
        self._program: bytes | None = None
        self._calls = 0
        self._counted: dict[tuple[int, int], tuple[bytes, int]] = {}
        self._answers: dict[bytes, int] = {}

    def serve(self) -> bool:
        """Answer one call; the listener must be ready, so that this does not wait.

        Returns:
            Whether more may be answered; else close it.
        """
        # Few containers ever come here.
        from secure.kernel import seccomp_notify

        waiting = seccomp_notify.receive(self.listener)
        if waiting is None:
            return True
        number = self._errno(waiting.call)
        seccomp_notify.refuse(self.listener, waiting, number)
        key = (waiting.number, number)
        first, count = self._counted.get(key, (waiting.call, 0))
        self._counted[key] = (first, count + 1)
        self._calls += 1
        self.overflowed = self._calls >= MOST_CALLS
        return not self.overflowed

    def close(self) -> None:
        """Answer no more; the kernel then refuses by itself."""
        if self.listener >= 0:
            os.close(self.listener)
            self.listener = -1

    def counted(self) -> tuple[Refused, ...]:
        """Each call, in the order in which it was first made."""
        return tuple(
            Refused(call, number, count) for (_, number), (call, count) in self._counted.items()
        )

    def _errno(self, call: bytes) -> int:
        """What the profile answers; EPERM where that cannot be found out: never permission."""
        # All but where it is called from: programs that insist do so with the same arguments.
        key = call[:8] + call[16:]
        if key not in self._answers:
            self._answers[key] = self._judged(call)
        return self._answers[key]

    def _judged(self, call: bytes) -> int:
        from secure.kernel.bpf import ACTION, DATA, RET_ERRNO, answer

        try:
            if self._program is None:
                self._program = self._plain()
            said = answer(self._program, call)
        except (SecureError, OSError):
            return _EPERM
        return said & DATA or _EPERM if said & ACTION == RET_ERRNO else _EPERM


def until_told(status: int, pid: int, refusals: Refusals | None) -> None:
    """Wait until init has written to `status` or ended; what its filter refuses it is answered.

    Without that init would wait for its answer and the supervisor for init.

    Args:
        pid: init's.
        refusals: None until init has sent the listener: its calls cannot be answered before.

    Raises:
        LaunchError: init waits for such an answer.
    """
    poll = select.poll()
    poll.register(status, select.POLLIN)
    if refusals and refusals.listener >= 0:
        poll.register(refusals.listener, select.POLLIN)
    while status not in (ready := dict(poll.poll(None if refusals else _LOOK_MS))):
        if refusals:
            event = ready[refusals.listener]
            if event != select.POLLIN or not refusals.serve():
                poll.unregister(refusals.listener)
                refusals.close()
        # Between its filter and its word init sleeps for nothing else. What it said before it went
        # to sleep is there now.
        elif _asleep_behind_a_filter(pid) and not poll.poll(0):
            raise LaunchError(
                "the seccomp profile refuses init a system call before its listener is here, so "
                "that nobody can answer",
                do="This is a fault of secure or of the profile; please report it.",
            )


def _asleep_behind_a_filter(pid: int) -> bool:
    with open(f"/proc/{pid}/status", "rb", 0) as file:
        return (
            set(file.read(8192).decode("ascii", "replace").splitlines()) >= _ASLEEP_BEHIND_A_FILTER
        )
