"""System calls that the filter refused: answered, and counted, by the supervisor.

The filter hands each to us and the caller waits for our answer, which is the errno that the profile
says. What is bounded here:
- calls in all: after `MOST_CALLS` the supervisor closes the listener, and the kernel answers ENOSYS
  by itself, at the price of any refused call. So it does if this process dies: never permission.
- calls at a time: one for each round of the supervisor's loop, so that nothing else waits.
"""

from __future__ import annotations

from secure import system as os
from secure.errors import SecureError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CALLS = 1_024
_EPERM = 1


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
