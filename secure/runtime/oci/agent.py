"""The agent of `linux.seccomp.listenerPath`: it is handed a listener, and answers from then on.

It is outside, on the host, and whoever wrote the bundle chose it. Nothing here waits for it without
an end. What it does with the calls is bounded by the policy's own filter: a call that this one
refuses is refused by the kernel, and never reaches the agent.

Source: runtime-spec config-linux.md, "Seccomp" and "The Container Process State".
"""

from __future__ import annotations

import _socket
import os
import select

from secure.errors import DocumentError, LaunchError
from secure.kernel import descriptors
from secure.oci.json_text import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from secure.oci.seccomp_config import Listener

PATIENCE_S = 10


def hand_over(passing: int, listener: Listener, pid: int, state: dict[str, Any]) -> None:
    """Take the listener of the process `pid` from `passing` and send it to the agent.

    Args:
        pid: as this runtime sees it. state: of its container.

    Raises:
        DocumentError: no agent takes it.
        LaunchError: it does not come.
    """
    patience(passing, "the seccomp listener does not leave the container")()
    _, fd = descriptors.receive(passing)
    if fd < 0:
        return  # the process has ended: its last words tell why
    shown = {
        "ociVersion": state["ociVersion"],
        "fds": ["seccompFd"],
        "pid": pid,
        "metadata": listener.metadata,
        "state": state,
    }
    try:
        _send(listener.path, encode(shown).encode(), fd)
    except OSError as cause:
        late = isinstance(cause, BlockingIOError)
        why = f"nobody takes it within {PATIENCE_S} s" if late else cause.strerror or str(cause)
        raise DocumentError(
            f'linux.seccomp.listenerPath: "{listener.path}": {why}',
            do="Start the agent that listens there first.",
        ) from cause
    finally:
        os.close(fd)


def _send(path: str, content: bytes, fd: int) -> None:
    agent = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        # struct timeval; it bounds connect(2) as well (socket(7)).
        limit = PATIENCE_S.to_bytes(8, "little") + bytes(8)
        agent.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, limit)
        agent.connect(path)
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fd.to_bytes(4, "little"))]
        sent = agent.sendmsg([content], rights)
        agent.sendall(content[sent:])
    finally:
        agent.close()


def patience(
    fd: int, late: str = "the agent of linux.seccomp.listenerPath does not answer"
) -> Callable[[], None]:
    """A `wait` for `protocol.expect` of `fd` that has an end.

    Raises:
        LaunchError: from the wait: what is `late`.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)

    def wait() -> None:
        if not poll.poll(PATIENCE_S * 1_000):
            raise LaunchError(f"{late}: nothing within {PATIENCE_S} s")

    return wait
