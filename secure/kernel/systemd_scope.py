"""A delegated cgroup from the user's systemd: this process moves into a scope of its own.

What `systemd-run --user --scope -p Delegate=yes` does, without that program: a call over the user's
message bus. The bus is this user's own; what it answers is bounded in size, number and time all the
same, and whether the move took place is asked from the kernel.
"""

from __future__ import annotations

import time

from secure import system as os
from secure.errors import MachineError
from secure.kernel import dbus_messages
from secure.kernel.cgroup_files import read_if_there
from secure.kernel.cgroup_support import CONTROLLERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

_PATIENCE_S = 5.0
_MOST_MESSAGES = 64
_LONGEST_LINE = 1024
_HELLO, _START = 1, 2


def manager_controllers(mount: str = "/sys/fs/cgroup") -> tuple[str, ...]:
    """Which of `CONTROLLERS` the user's manager can hand on; empty where it cannot be asked.

    Args:
        mount: of cgroup v2.
    """
    if os.geteuid() == 0 or not address()[0]:
        return ()
    uid = os.geteuid()
    folder = f"{mount}/user.slice/user-{uid}.slice/user@{uid}.service"
    present = read_if_there(f"{folder}/cgroup.controllers").split()
    return tuple(name for name in CONTROLLERS if name in present)


def address() -> tuple[str, bool]:
    """The socket to ask at, and whether a bus is behind it; ("", False) where there is none.

    Without a bus (no package dbus-user-session) it is the one at which systemctl asks systemd.
    """
    folder = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    for path, bus in (
        (_named_bus() or f"{folder}/bus", True),
        (f"{folder}/systemd/private", False),
    ):
        if _is_socket(path):
            return path, bus
    return "", False


def _named_bus() -> str:
    for word in (os.environ.get("DBUS_SESSION_BUS_ADDRESS") or "").split(";"):
        kind, _, options = word.partition(":")
        for option in options.split(","):
            if kind == "unix" and option.startswith("path=") and "%" not in option:
                return option.removeprefix("path=")
    return ""


def enter() -> str:
    """Move this process into a new scope; its name.

    Raises:
        MachineError: the bus or systemd refuses, or does not answer in time.
    """
    unit = f"secure-{os.getpid()}-{os.urandom(4).hex()}.scope"
    deadline = time.monotonic() + _PATIENCE_S
    path, has_bus = address()
    if not path:
        raise MachineError("this user has no message bus and no systemd to ask for a cgroup")
    bus = _Bus(path, deadline)
    try:
        if has_bus:
            bus.call(dbus_messages.hello(_HELLO), _HELLO)
        bus.call(dbus_messages.start_scope(_START, unit, "secure: a container"), _START)
        # The answer only says that a job was made; the move follows.
        while unit not in read_if_there("/proc/self/cgroup"):
            if time.monotonic() > deadline:
                raise MachineError(f"systemd did not move this process into {unit} in time")
            time.sleep(0.001)
    finally:
        bus.close()
    return unit


def _is_socket(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return status.st_mode & 0o170000 == 0o140000 and status.st_uid == os.geteuid()


class _Bus:
    """A connection that has said who we are."""

    def __init__(self, path: str, deadline: float) -> None:
        import _socket

        self._deadline = deadline
        self._socket: socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            self._within()
            self._socket.connect(path)
            self._say_who_we_are()
        except OSError as cause:
            self.close()
            raise MachineError(
                f'the message bus at "{path}" cannot be used: {cause.strerror or "no answer"}'
            ) from cause
        except MachineError:
            self.close()
            raise

    def _say_who_we_are(self) -> None:
        # "EXTERNAL": the kernel tells the other side our uid.
        uid = str(os.geteuid()).encode().hex()
        self._send(b"\0AUTH EXTERNAL " + uid.encode() + b"\r\n")
        if not self._line().startswith(b"OK "):
            raise MachineError("the message bus does not accept this user")
        self._send(b"BEGIN\r\n")

    def call(self, message: bytes, serial: int) -> None:
        """Make a call and wait until it has been answered.

        Raises:
            MachineError: by an error, or not in time.
        """
        try:
            self._send(message)
            for _ in range(_MOST_MESSAGES):
                header = self._exactly(dbus_messages.HEADER_BYTES)
                rest = dbus_messages.length(header) - len(header)
                found = dbus_messages.answer(header + self._exactly(rest))
                if found.reply_to != serial:
                    continue  # a signal: everybody gets some
                if found.kind == dbus_messages.ERROR:
                    raise MachineError(
                        f"systemd refuses a scope: {found.error}: {found.text[:200]}"
                    )
                return
        except OSError as cause:
            raise MachineError("the message bus does not answer") from cause
        raise MachineError("the message bus sends everything but an answer")

    def close(self) -> None:
        """Twice is no error."""
        self._socket.close()

    def _within(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise MachineError("the message bus does not answer in time")
        self._socket.settimeout(left)

    def _send(self, content: bytes) -> None:
        self._within()
        self._socket.sendall(content)

    def _exactly(self, count: int) -> bytes:
        found = bytearray()
        while len(found) < count:
            self._within()
            piece = self._socket.recv(count - len(found))
            if not piece:
                raise MachineError("the message bus hung up")
            found += piece
        return bytes(found)

    def _line(self) -> bytes:
        found = bytearray()
        while not found.endswith(b"\r\n"):
            if len(found) > _LONGEST_LINE:
                raise MachineError("what answers at the message bus does not speak D-Bus")
            found += self._exactly(1)
        return bytes(found)
