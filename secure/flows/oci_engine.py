"""What an engine gets back beside its answer: a pid file, and the master of a terminal."""

from __future__ import annotations

from secure.errors import MachineError, UsageError
from secure.store.atomic import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket


def write_pid_file(path: str, pid: int) -> None:
    """Whole or not at all: engines look for the file while it is being written."""
    try:
        # No process of that number outlives a power loss.
        write_file(path, str(pid).encode(), 0o644, durable=False)
    except MachineError as cause:
        raise UsageError(f"--pid-file: {cause}") from cause


def connect(path: str) -> socket:
    """A stream to the engine's socket, over which init will send the terminal's master."""
    import _socket
    import fcntl as _loaded  # noqa: F401 - what sending takes; init can import nothing

    made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        made.connect(path)
    except OSError as cause:
        raise UsageError(f'--console-socket "{path}": {cause.strerror}') from cause
    return made
