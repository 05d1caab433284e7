"""The few D-Bus messages that a delegated cgroup costs, as bytes. Pure.

Source: D-Bus specification 0.38+, "Marshaling (Wire Format)", "Message Format"; systemd's
org.freedesktop.systemd1(5), "StartTransientUnit", "SetUnitProperties".
"""

from __future__ import annotations

from secure.errors import MachineError
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    Numbers = tuple[tuple[str, int], ...]

_NUMBERS_OF_32_BITS = ("KillSignal",)  # signature "i"; all others here have "t"
METHOD_RETURN, ERROR = 2, 3
HEADER_BYTES = 16  # up to and with the length of the header fields
MOST_BYTES = 64 * 1024  # of an answer; the specification allows 128 MiB
_CALL = 1
_PATH, _INTERFACE, _MEMBER, _ERROR_NAME, _REPLY_SERIAL, _DESTINATION, _SIGNATURE = (
    1, 2, 3, 4, 5, 6, 8,
)  # fmt: skip
_TEXTS = (b"s", b"o")


@value
class Answer:
    """One message that came in.

    Args:
        kind: `METHOD_RETURN`, `ERROR`, or another. reply_to: serial of the call; 0 for none.
        error: name of the error, "" for none. text: what an error says.
    """

    kind: int
    reply_to: int
    error: str
    text: str


def hello(serial: int) -> bytes:
    """org.freedesktop.DBus.Hello: the first call on a bus."""
    bus = "org.freedesktop.DBus"
    return _call(serial, ("/org/freedesktop/DBus", bus, "Hello", bus), "", b"")


def start_scope(
    serial: int, unit: str, description: str, parent: str = "", numbers: Numbers = ()
) -> bytes:
    """StartTransientUnit of systemd: the sender moves into the scope `unit`, which is delegated.

    Args:
        parent: the slice that it lies in; "" for the manager's choice.
        numbers: further properties, e.g. ("CPUWeight", 100); systemd.resource-control(5).
    """
    body = bytearray()
    _text(body, unit)
    _text(body, "fail")  # there is no unit of that name, or nothing happens
    rows: list[tuple[str, str, str | int]] = [
        ("Description", "s", description),
        ("Delegate", "b", 1),
        # 0 is whoever sends this: numbers of another pid namespace would mean other processes.
        ("PIDs", "au", 0),
        ("CollectMode", "s", "inactive-or-failed"),
    ]
    if parent:
        rows.append(("Slice", "s", parent))
    _properties(body, (*rows, *_typed(numbers)))
    _number(body, 0)  # no auxiliary units
    _pad(body, 8)  # an empty array is padded for its items, too
    return _systemd_call(serial, "StartTransientUnit", "ssa(sv)a(sa(sv))", bytes(body))


def set_properties(serial: int, unit: str, numbers: Numbers) -> bytes:
    """SetUnitProperties of systemd: change a unit until it ends."""
    body = bytearray()
    _text(body, unit)
    _number(body, 1)  # not for the next unit of that name
    _properties(body, _typed(numbers))
    return _systemd_call(serial, "SetUnitProperties", "sba(sv)", bytes(body))


def _typed(numbers: Numbers) -> tuple[tuple[str, str, str | int], ...]:
    return tuple((name, "i" if name in _NUMBERS_OF_32_BITS else "t", n) for name, n in numbers)


def _properties(body: bytearray, rows: tuple[tuple[str, str, str | int], ...]) -> None:
    """An array of (name, variant): signature a(sv)."""
    array = bytearray()  # begins at a multiple of 8, so what is padded in it stays so
    for name, signature, content in rows:
        _pad(array, 8)
        _text(array, name)
        _signature(array, signature)
        if isinstance(content, str):
            _text(array, content)
        elif signature == "t":
            _pad(array, 8)
            array += content.to_bytes(8, "little")
        else:
            if signature == "au":
                _number(array, 4)  # bytes in the array
            _number(array, content)
    _number(body, len(array))
    _pad(body, 8)
    body += array


def _systemd_call(serial: int, member: str, signature: str, body: bytes) -> bytes:
    systemd = "org.freedesktop.systemd1"
    where = ("/org/freedesktop/systemd1", f"{systemd}.Manager", member, systemd)
    return _call(serial, where, signature, body)


def _call(serial: int, where: tuple[str, str, str, str], signature: str, body: bytes) -> bytes:
    """A method call. where: path, interface, member, destination."""
    path, interface, member, destination = where
    fields = bytearray()
    for code, kind, content in (
        (_PATH, "o", path), (_INTERFACE, "s", interface), (_MEMBER, "s", member),
        (_DESTINATION, "s", destination), (_SIGNATURE, "g", signature),
    ):  # fmt: skip
        if not content:
            continue
        _pad(fields, 8)
        fields.append(code)
        _signature(fields, kind)
        (_signature if kind == "g" else _text)(fields, content)
    # Little endian, a call, no flags, version 1.
    message = bytearray(b"l" + bytes((_CALL, 0, 1)))
    for number in (len(body), serial, len(fields)):
        _number(message, number)
    message += fields
    _pad(message, 8)
    return bytes(message) + body


def length(header: bytes) -> int:
    """How long the message is that begins with these `HEADER_BYTES`.

    Raises:
        MachineError: no message, or a longer one than any answer to us.
    """
    order = _order(header)
    body, fields = _at(header, 4, order), _at(header, 12, order)
    whole = HEADER_BYTES + (fields + 7) // 8 * 8 + body
    if header[3] != 1 or max(body, fields, whole) > MOST_BYTES:
        raise MachineError(f"the message bus sent a message of {whole} bytes, version {header[3]}")
    return whole


def answer(message: bytes) -> Answer:
    """A whole message.

    Raises:
        MachineError: it is not what the specification says.
    """
    try:
        return _answer(message)
    except (IndexError, ValueError) as cause:
        raise MachineError("the message bus sent a message that is none") from cause


def _answer(message: bytes) -> Answer:
    order = _order(message)
    end = HEADER_BYTES + _at(message, 12, order)
    reply_to, error, signature = 0, "", b""
    at = HEADER_BYTES
    while at < end:
        at = (at + 7) // 8 * 8
        code, kind = message[at], message[at + 2 : at + 3]
        if message[at + 1] != 1 or message[at + 3] != 0:
            raise ValueError("a header field of more than one value")
        at += 4
        if kind in _TEXTS:
            found, at = _read_text(message, at, order)
            if code == _ERROR_NAME:
                error = found
        elif kind == b"g":
            size = message[at]
            if code == _SIGNATURE:
                signature = message[at + 1 : at + 1 + size]
            at += size + 2
        elif kind == b"u":
            at = (at + 3) // 4 * 4
            if code == _REPLY_SERIAL:
                reply_to = _at(message, at, order)
            at += 4
        else:
            raise ValueError("a header field of an unknown type")
    if message[1] == ERROR and not error:
        raise ValueError("an error without its name, which would be taken for none")
    body = (end + 7) // 8 * 8
    text = _read_text(message, body, order)[0] if error and signature[:1] == b"s" else ""
    return Answer(message[1], reply_to, error, text)


def _order(header: bytes) -> str:
    if header[:1] not in (b"l", b"B"):
        raise MachineError("what answers at the message bus does not speak D-Bus")
    return "little" if header[:1] == b"l" else "big"


def _at(message: bytes, at: int, order: str) -> int:
    if at + 4 > len(message):
        raise ValueError("the message ends too early")
    return int.from_bytes(message[at : at + 4], "little" if order == "little" else "big")


def _read_text(message: bytes, at: int, order: str) -> tuple[str, int]:
    """A string and the place behind its NUL."""
    at = (at + 3) // 4 * 4
    size = _at(message, at, order)
    end = at + 4 + size
    if end >= len(message):
        raise ValueError("a text ends behind the message")
    return message[at + 4 : end].decode("utf-8", "replace"), end + 1


def _pad(buffer: bytearray, unit: int) -> None:
    buffer += bytes(-len(buffer) % unit)


def _number(buffer: bytearray, number: int) -> None:
    _pad(buffer, 4)
    buffer += number.to_bytes(4, "little")


def _text(buffer: bytearray, text: str) -> None:
    content = text.encode()
    _number(buffer, len(content))
    buffer += content + b"\0"


def _signature(buffer: bytearray, signature: str) -> None:
    buffer.append(len(signature))
    buffer += signature.encode() + b"\0"
