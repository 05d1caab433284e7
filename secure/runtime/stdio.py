"""The three standard streams: which are handed over, which are relayed.

A pipe, a socket or /dev/null is handed over as it is. A terminal or a file is not: through
/proc/self/fd the program inside could open it again with other rights, read what is typed, or push
input into the caller's shell (CVE-2017-5226's class). Those get a pipe, and the supervisor copies.
"""

from __future__ import annotations

from secure import system as os
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_NULL = (1, 3)
_STANDARD = 2  # descriptors up to here are the caller's
_CHUNK = 65_536
_IFIFO, _ISOCK, _ICHR = 0o010000, 0o140000, 0o020000


@value
class Relay:
    """Copy from `source` to `target`; `inward` is towards the container."""

    source: int
    target: int
    inward: bool


@value
class Streams:
    """For init: `inside`, three descriptors. For the supervisor: what to copy."""

    inside: tuple[int, int, int]
    relays: tuple[Relay, ...]
    owned: tuple[int, ...]  # ends that only init needs: the supervisor closes them after the clone


def identity() -> tuple[tuple[int, ...], ...]:
    """Which files the caller's three streams are; () for one that is closed."""
    found: list[tuple[int, ...]] = []
    for number in range(3):
        try:
            status = os.fstat(number)
        except OSError:
            found.append(())
        else:
            found.append((status.st_dev, status.st_ino, status.st_rdev))
    return tuple(found)


def prepare(interactive: bool) -> Streams:
    """Look at the caller's three streams and make pipes where needed.

    Args:
        interactive: `-i`: without it the program reads /dev/null.
    """
    inside: list[int] = []
    relays: list[Relay] = []
    owned: list[int] = []
    try:
        _look(interactive, inside, relays, owned)
    except OSError:  # no descriptor is free: those that were taken are given back
        for fd in owned:
            os.close(fd)
        for relay in relays:
            finish(relay)
        raise
    return Streams((inside[0], inside[1], inside[2]), tuple(relays), tuple(owned))


def _look(interactive: bool, inside: list[int], relays: list[Relay], owned: list[int]) -> None:
    for number in range(3):
        if number == 0 and not interactive:
            null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            owned.append(null)
            inside.append(null)
        elif _may_pass(number):
            inside.append(number)
        else:
            reader, writer = os.pipe2(os.O_CLOEXEC)
            inward = number == 0
            if inward:
                os.set_blocking(writer, False)  # who waits for it also serves the other streams
            mine, theirs = (writer, reader) if inward else (reader, writer)
            relays.append(Relay(0, mine, True) if inward else Relay(mine, patient(number), False))
            owned.append(theirs)
            inside.append(theirs)


def _may_pass(number: int) -> bool:
    try:
        status = os.fstat(number)
    except OSError:  # closed by the caller: a relay to nowhere is safer than a reused number
        return False
    kind = status.st_mode & 0o170000
    if kind == _ICHR:
        return (os.major(status.st_rdev), os.minor(status.st_rdev)) == _NULL
    return kind in (_IFIFO, _ISOCK)


def patient(number: int) -> int:
    """A descriptor for the file behind `number` that never blocks us, where it may be a terminal.

    A terminal can stand still (Ctrl-S, a reader that hangs). O_NONBLOCK on the descriptor itself
    would change it for the caller's shell as well; opened anew it is ours alone. `number` where
    that is not possible: another user's terminal.
    """
    flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        if os.fstat(number).st_mode & 0o170000 == _ICHR:
            return os.open(f"/proc/self/fd/{number}", flags)
    except OSError:
        return number
    return number


def copy(relay: Relay, wait: Callable[[int], bool]) -> bool:
    """Copy what is there; False at the end of either side.

    Args:
        wait: waits until its descriptor takes more; False gives up.
    """
    try:
        piece = os.read(relay.source, _CHUNK)
    except OSError:  # EIO: the last process closed the terminal
        return False
    view = memoryview(piece)
    while view:
        try:
            view = view[os.write(relay.target, view) :]
        except BlockingIOError:
            if not wait(relay.target):
                return False
        except OSError:  # EPIPE: nobody reads any more
            return False
    return bool(piece)


def finish(relay: Relay) -> None:
    """Close what is ours of it; so the end of input is passed on."""
    for fd in (relay.source, relay.target):
        if fd > _STANDARD:
            os.close(fd)
