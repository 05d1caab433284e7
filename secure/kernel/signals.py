"""Signals without the `signal` module, which imports enum (6 ms of a launch)."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C half of `signal`, not in typeshed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGUSR2 = 1, 2, 3, 9, 10, 12
SIGPIPE, SIGTERM, SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU = 13, 15, 17, 18, 20, 21, 22
SIGWINCH = 28

# What a supervisor hands on to the program inside.
FORWARDED = (SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM)


def block(signals: tuple[int, ...]) -> None:
    """Block `signals`: they stay pending until `wait` takes them."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, signals)


def set_mask(signals: tuple[int, ...]) -> None:
    """Block exactly `signals`."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, signals)


def wait(signals: tuple[int, ...]) -> int:
    """sigwait(3): take one pending signal of `signals`, waiting for it."""
    return int(_signal.sigwait(signals))


def set_default(signals: tuple[int, ...]) -> None:
    """SIG_DFL for each: Python ignores SIGPIPE, and an ignored signal survives execve."""
    for number in signals:
        # What Python knows already takes no system call.
        if _signal.getsignal(number) != _signal.SIG_DFL:
            _signal.signal(number, _signal.SIG_DFL)


def on(signals: tuple[int, ...], do: Callable[[int, object], None]) -> None:
    """Call `do(number, frame)` when one of `signals` arrives."""
    for number in signals:
        _signal.signal(number, do)


def handlers(signals: tuple[int, ...]) -> tuple[tuple[int, object], ...]:
    """What is called for each now, to be given back by `restore`."""
    return tuple((number, _signal.getsignal(number)) for number in signals)


def restore(before: tuple[tuple[int, object], ...]) -> None:
    """The handlers that `handlers` saw."""
    for number, handler in before:
        _signal.signal(number, handler)


def wake_by(fd: int) -> None:
    """Write a byte to the non-blocking `fd` for every signal with a handler, so that poll wakes."""
    _signal.set_wakeup_fd(fd)
