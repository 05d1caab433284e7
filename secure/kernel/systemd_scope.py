"""A delegated cgroup from systemd: this process moves into a scope of its own.

What `systemd-run --scope -p Delegate=yes` does, without that program: a call over the message bus,
the system's for root of the machine and the user's own for everybody else. What it answers is
bounded in size, number and time all the same, and whether the move took place is asked from the
kernel. Why no library: docs/decisions/0012-own-dbus-call.md.

A scope ends with the last process in it, whoever killed that: nothing is left to clean up.
"""

from __future__ import annotations

import time

from secure import system as os
from secure.errors import MachineError
from secure.kernel import dbus_messages
from secure.kernel.cgroup_files import read_if_there
from secure.kernel.cgroup_support import CONTROLLERS
from secure.kernel.namespaces import in_first_user_namespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

    from secure.kernel.dbus_messages import Answer, Numbers

_PATIENCE_S = 5.0
# How long a unit of that name may take to go away, after the last process in it.
_PATIENCE_WITH_UNIT_S = 2.0
_MOST_MESSAGES = 64
_LONGEST_LINE = 1024
_TAKEN = "org.freedesktop.systemd1.UnitExists"


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

    Without a bus (no package dbus) it is the one at which systemctl asks systemd.
    """
    if os.geteuid() == 0 and in_first_user_namespace():
        bus = _named_bus("DBUS_SYSTEM_BUS_ADDRESS") or "/run/dbus/system_bus_socket"
        folder = "/run"
    else:
        folder = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
        bus = _named_bus("DBUS_SESSION_BUS_ADDRESS") or f"{folder}/bus"
    places = ((bus, True), (f"{folder}/systemd/private", False))
    return next((place for place in places if _is_socket(place[0])), ("", False))


def _named_bus(variable: str) -> str:
    """The socket that an address names; no other transport (tcp, autolaunch) is used."""
    for word in (os.environ.get(variable) or "").split(";"):
        kind, _, options = word.partition(":")
        for option in options.split(","):
            if kind == "unix" and option.startswith("path=") and "%" not in option:
                return option.removeprefix("path=")
    return ""


def enter(unit: str = "", parent: str = "", numbers: Numbers = ()) -> str:
    """Move this process into a new scope; its name.

    Args:
        unit: "NAME.scope"; "" for a name that nobody else has.
        parent: the slice that it lies in; "" for the manager's choice.
        numbers: properties of it.

    Raises:
        MachineError: the bus or systemd refuses, or does not answer in time.
    """
    unit = unit or f"secure-{os.getpid()}-{os.urandom(4).hex()}.scope"
    deadline = time.monotonic() + _PATIENCE_S
    bus = _Bus.of_systemd(deadline)
    try:
        _start(bus, unit, parent, numbers)
        # The answer only says that a job was made; the move follows.
        while not _is_in(unit):
            if time.monotonic() > deadline:
                raise MachineError(f"systemd did not move this process into {unit} in time")
            time.sleep(0.001)
    finally:
        bus.close()
    return unit


def _start(bus: _Bus, unit: str, parent: str, numbers: Numbers) -> None:
    until = time.monotonic() + _PATIENCE_WITH_UNIT_S
    while True:
        message = dbus_messages.start_scope(
            bus.serial(), unit, "secure: a container", parent, numbers
        )
        found = bus.call(message)
        if found.error != _TAKEN or time.monotonic() > until:
            break
        time.sleep(0.02)
    if found.error:
        raise MachineError(f"systemd refuses a scope: {found.error}: {found.text[:200]}")


def change(unit: str, numbers: Numbers) -> None:
    """New properties for a scope.

    Raises:
        MachineError: the bus or systemd refuses, or does not answer in time.
    """
    bus = _Bus.of_systemd(time.monotonic() + _PATIENCE_S)
    try:
        found = bus.call(dbus_messages.set_properties(bus.serial(), unit, numbers))
    finally:
        bus.close()
    if found.error:
        raise MachineError(f"systemd does not change {unit}: {found.error}: {found.text[:200]}")


def _is_in(unit: str) -> bool:
    """This process is; the kernel writes the path of its cgroup as the last thing in a line."""
    lines = read_if_there("/proc/self/cgroup").splitlines()
    return any(line.endswith(f"/{unit}") for line in lines)


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
        self._serial = 0
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

    @classmethod
    def of_systemd(cls, deadline: float) -> _Bus:
        """One at which systemd answers.

        Raises:
            MachineError: there is none.
        """
        path, has_bus = address()
        if not path:
            raise MachineError("this user has no message bus and no systemd to ask for a cgroup")
        bus = cls(path, deadline)
        if has_bus:
            try:
                bus.call(dbus_messages.hello(bus.serial()))
            except MachineError:
                bus.close()
                raise
        return bus

    def _say_who_we_are(self) -> None:
        # "EXTERNAL" by the uid that the kernel tells the other side: of root in a user namespace,
        # the one outside. No uid is named, which is asked back once before it is taken.
        self._send(b"\0AUTH EXTERNAL\r\n")
        answer = self._line()
        if answer.startswith(b"DATA"):
            self._send(b"DATA\r\n")
            answer = self._line()
        if not answer.startswith(b"OK "):
            raise MachineError("the message bus does not accept this user")
        self._send(b"BEGIN\r\n")

    def serial(self) -> int:
        """The number of the next call."""
        self._serial += 1
        return self._serial

    def call(self, message: bytes) -> Answer:
        """Make the call that `serial` was asked for; what it was answered, be it an error.

        Raises:
            MachineError: no answer, or not in time.
        """
        try:
            self._send(message)
            for _ in range(_MOST_MESSAGES):
                header = self._exactly(dbus_messages.HEADER_BYTES)
                rest = dbus_messages.length(header) - len(header)
                found = dbus_messages.answer(header + self._exactly(rest))
                if found.reply_to == self._serial:
                    return found
                # Else a signal: everybody gets some.
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
