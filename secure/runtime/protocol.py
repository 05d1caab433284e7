"""What supervisor and init say to each other, over a pipe and what leads back.

    supervisor                      init (pid 1)                     payload (pid 2)
        │  clone ─────────────────────▶ waits
        │  id maps, cgroup
        │  MAPPED ────────────────────▶ mounts, pivot_root
        │ ◀──────────────── TERMINAL    only with a terminal: its pty was sent over a socket
        │                               drops everything, filter last
        │ ◀──────────────── LISTENER    only with a watched filter: its listener comes along
        │ ◀─────────────────── READY    waits
        │  reads /proc, compares, records
        │  COMMAND ───────────────────▶ only for a container that stood by for another
        │  GO ────────────────────────▶ posix_spawn ────────────────▶ execve
        │ ◀──────── end of file: the image's first instruction runs

A message is one byte. `READY` is followed by what init says of Landlock and a newline; `FAILED` by
a code, a newline and a sentence, then end of file; `COMMAND` by a length, a newline and as many
bytes of arguments, joined by NUL.
If the supervisor dies, both readers see end of file and exit.
"""

from __future__ import annotations

from secure import system as os
from secure.errors import (
    CommandNotFoundError,
    InputError,
    LaunchError,
    MachineError,
    NotExecutableError,
    SecureError,
    os_error_text,
    shortage,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAPPED, COMMAND, GO = b"m", b"c", b"g"
# Of a bundle with hooks: before pivot_root init asks for those that run outside, and is sent the
# state for its own.
HOOKS, HOOKED = b"h", b"H"
TERMINAL, LISTENER, READY, FAILED = b"t", b"l", b"r", b"f"

_MAX_MESSAGE = 4_096
_CLASSES: dict[str, type[SecureError]] = {
    "machine": MachineError,
    "launch": LaunchError,
    "not-executable": NotExecutableError,
    "not-found": CommandNotFoundError,
    "input": InputError,
    "bug": SecureError,
}


def failure(error: BaseException) -> bytes:
    """An error as the bytes that carry it to the supervisor."""
    error = shortage(error) or error
    kind = next((name for name, made in _CLASSES.items() if type(error) is made), "")
    if not kind and isinstance(error, InputError):
        kind = "input"
    if not kind:
        kind = "machine" if isinstance(error, (MachineError, OSError)) else "bug"
    do = error.do if isinstance(error, SecureError) else ""
    what = os_error_text(error) if isinstance(error, OSError) else str(error)
    text = f"{kind}\n{what}\n{do}".encode("utf-8", "backslashreplace")
    return FAILED + text[:_MAX_MESSAGE]


def raise_failure(message: bytes) -> None:
    """Raise what `failure` carried.

    Raises:
        SecureError: always, of the class it had inside.
    """
    kind, _, rest = message.decode("utf-8", "replace").partition("\n")
    what, _, do = rest.partition("\n")
    raise _CLASSES.get(kind, SecureError)(what, do=do)


def at_once() -> None:
    """`wait` of who has nothing else to do: the read itself waits."""


def expect(fd: int, wanted: bytes, wait: Callable[[], None] = at_once) -> None:
    """Read one message from `fd`.

    Args:
        wait: called before each read; returns when there is something to read.

    Raises:
        SecureError: the other side reports a failure.
        LaunchError: it ended without a word.
    """
    wait()
    check(os.read(fd, 1), wanted, fd, wait)


def check(got: bytes, wanted: bytes, fd: int, wait: Callable[[], None] = at_once) -> None:
    """`expect`, where the one byte has been read already."""
    if got == FAILED:
        raise_failure(read_to_end(fd, wait))
    if got != wanted:
        raise LaunchError(
            "the container's init ended before it was ready" if not got else "init spoke nonsense"
        )


def send_command(fd: int, argv: tuple[str, ...]) -> None:
    """Let init execute this instead of what it was started for."""
    joined = b"\0".join(os.fsencode(part) for part in argv)
    rest = memoryview(COMMAND + b"%d\n" % len(joined) + joined)
    while rest:
        rest = rest[os.write(fd, rest) :]


def await_go(fd: int) -> list[bytes]:
    """Until `GO` is said; the arguments that came before it, if any did.

    Raises:
        LaunchError: the supervisor ended.
    """
    argv: list[bytes] = []
    got = os.read(fd, 1)
    if got == COMMAND:
        left, pieces = int(read_to_newline(fd)), []
        while left and (piece := os.read(fd, left)):
            pieces.append(piece)
            left -= len(piece)
        argv = b"".join(pieces).split(b"\0")
        got = os.read(fd, 1)
    check(got, GO, fd)
    return argv


def read_line(fd: int) -> str:
    """What the other side wrote up to its newline, in one write(2) of less than PIPE_BUF."""
    return os.read(fd, _MAX_MESSAGE).decode("utf-8", "replace").rstrip("\n")


def read_to_newline(fd: int) -> bytes:
    """A line of any length, without its newline; byte by byte, as more may follow."""
    found = bytearray()
    while (piece := os.read(fd, 1)) not in {b"", b"\n"}:
        found += piece
    return bytes(found)


def read_to_end(fd: int, wait: Callable[[], None] = at_once) -> bytes:
    """What is left to read, at most one message; `wait` as for `expect`."""
    found = b""
    while len(found) < _MAX_MESSAGE:
        wait()
        piece = os.read(fd, _MAX_MESSAGE)
        if not piece:
            break
        found += piece
    return found
