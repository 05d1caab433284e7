"""Inside: filters are installed; the listener of the last leaves before the program is here.

Under a filter that hands calls over, this process may wait for the answer to any call of its own,
and nobody can answer before somebody has the listener. So it is no call of ours that hands it over:
a second process is there before the filter is, has the same table of descriptors, sees the listener
appear in it, sends it and closes it.

    init                                passer                          create or exec
    LISTENER ─────────────────────────────────────────────────────────▶ waits, with an end
    clones ───────────────────────────▶ looks
    filters; waits for the passer       sends it, closes it ──────────▶ sends it to the agent
    READY, perhaps by leave of the agent ─────────────────────────────▶ waits, with an end
"""

from __future__ import annotations

import os
import time

from secure.kernel import descriptors, seccomp, signals
from secure.kernel.libc import clone
from secure.runtime import protocol
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_CLONE_FILES = 0x400
_LOOK_S = 0.000_2


@value
class Passing:
    """How a listener gets out.

    Args:
        socket: takes it. killable: see `secure.oci.seccomp_config.Listener`.
    """

    socket: int
    killable: bool


def install(filters: tuple[bytes, ...], passing: Passing | None, status: int) -> None:
    """Install all of them; `passing` takes the listener of the last one.

    Args:
        status: the pipe of `protocol`.
    """
    if passing is None:
        for bpf in filters:
            seccomp.install_filter(bpf)
        return
    os.write(status, protocol.LISTENER)
    # The lowest free number is the one that the kernel will take: nothing opens a file meanwhile.
    number = os.dup(passing.socket)
    os.close(number)
    parent = os.getpid()
    passer = clone(_CLONE_FILES | signals.SIGCHLD)
    if passer == 0:
        _pass(number, parent, passing.socket)
    for bpf in filters[:-1]:
        seccomp.install_filter(bpf)
    flags = seccomp.SECCOMP_FILTER_FLAG_NEW_LISTENER
    if passing.killable:
        flags |= seccomp.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
    seccomp.install_filter(filters[-1], flags)
    os.waitpid(passer, 0)
    os.close(passing.socket)


def _pass(number: int, parent: int, socket: int) -> NoReturn:
    """Never returns. If init ends instead, so does this: nothing is left inside."""
    code = 1
    try:
        while not _is_open(number):
            if os.getppid() != parent:
                os._exit(code)
            time.sleep(_LOOK_S)
        try:
            descriptors.send(socket, protocol.LISTENER, number)
        finally:
            os.close(number)  # held by init, it would have init wait for ever where nobody takes it
        code = 0
    finally:
        os._exit(code)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
