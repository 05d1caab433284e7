"""The three standard streams: which are handed over, which are relayed.

A pipe, a socket or /dev/null is handed over as it is. A terminal or a file is not: through
/proc/self/fd the program inside could open it again with other rights, read what is typed, or push
input into the caller's shell (CVE-2017-5226's class). Those get a pipe, and the supervisor copies.
"""

from __future__ import annotations

from secure import system as os
from secure.value import value

_NULL = (1, 3)
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
        for fd in (*owned, *(r.target if r.inward else r.source for r in relays)):
            os.close(fd)
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
            mine, theirs = (writer, reader) if number == 0 else (reader, writer)
            relays.append(Relay(0, mine, True) if number == 0 else Relay(mine, number, False))
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


def copy(relay: Relay) -> bool:
    """Copy what is there; False at the end of either side."""
    try:
        piece = os.read(relay.source, _CHUNK)
    except OSError:  # EIO: the last process closed the terminal
        return False
    try:
        view = memoryview(piece)
        while view:
            view = view[os.write(relay.target, view) :]
    except OSError:  # EPIPE: nobody reads any more
        return False
    return bool(piece)
