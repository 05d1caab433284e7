"""JSON for the launch path: the interpreter's own scanner, without the package `json` (9 ms).

`json` pulls in `re` and `enum`. What it adds to the C scanner are messages, which a runtime that is
called three times for one container can do without.
"""

from __future__ import annotations

from _json import encode_basestring_ascii, make_scanner

from secure.errors import DocumentError, LimitExceededError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

# Engines write some 60 KiB with the longest seccomp profile; 70,000 id rows were an attack on runc.
MAX_BYTES = 4 << 20
_SPACE = " \t\n\r"
_ENDLESS = float("inf")


class _Rules:
    """What the scanner asks of its maker: strict strings, no duplicate key, no NaN."""

    strict = True
    object_hook = None
    parse_int = int

    def __init__(self) -> None:
        self.memo: dict[str, str] = {}

    @staticmethod
    def parse_float(digits: str) -> float:
        # 1e999 would be read as infinity, which no JSON can say again.
        if abs(found := float(digits)) == _ENDLESS:
            raise DocumentError(f"{digits[:40]} is too large a number")
        return found

    @staticmethod
    def parse_constant(name: str) -> float:
        raise DocumentError(f"{name} is no JSON")

    @staticmethod
    def object_pairs_hook(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        # The last of two equal keys wins in Python, the first in other readers.
        found = dict(pairs)
        if len(found) != len(pairs):
            raise DocumentError("an object has the same key twice")
        return found


def decode(content: bytes, where: str) -> Json:
    """The one value in `content`.

    Args:
        where: for messages, e.g. "config.json".

    Raises:
        LimitExceededError: over `MAX_BYTES`.
        DocumentError: not JSON, nested too deep, or an object has a key twice.
    """
    if len(content) > MAX_BYTES:
        raise LimitExceededError("json bytes", where, f"{MAX_BYTES} bytes")
    try:
        text = content.decode("utf-8")
        start = len(text) - len(text.lstrip(_SPACE))
        rules = _Rules()
        value, end = make_scanner(rules)(text, start)  # type: ignore[arg-type]  # duck-typed in C
    except (ValueError, StopIteration, RecursionError, UnicodeDecodeError) as cause:
        raise DocumentError(f"{where} is not JSON: {_why(cause)}") from cause
    except DocumentError as cause:
        raise DocumentError(f"{where}: {cause}") from cause
    if text[end:].strip(_SPACE):
        raise DocumentError(f"{where} is not JSON: something follows at character {end}")
    found: Json = value
    return found


def _why(cause: Exception) -> str:
    if isinstance(cause, StopIteration):
        return f"a value is missing at character {cause.value}"
    return "nested too deep" if isinstance(cause, RecursionError) else str(cause)


def encode(value: object) -> str:
    """`value` as JSON in one line, keys in their order; ASCII only, so no byte can surprise."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return str(encode_basestring_ascii(value))
    if isinstance(value, dict):
        return "{" + ",".join(_pairs(value.items())) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(encode, value)) + "]"
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def indented(value: object, margin: str = "\n") -> str:
    """`encode`, for people: an item a line, two spaces deeper for each level."""
    inner = margin + "  "
    if isinstance(value, dict) and value:
        items = (f"{encode(str(key))}: {indented(item, inner)}" for key, item in value.items())
        return "{" + inner + ("," + inner).join(items) + margin + "}"
    if isinstance(value, (list, tuple)) and value:
        return (
            "[" + inner + ("," + inner).join(indented(item, inner) for item in value) + margin + "]"
        )
    return encode(value)


def _pairs(items: Iterable[tuple[object, object]]) -> list[str]:
    return [f"{encode_basestring_ascii(str(key))}:{encode(item)}" for key, item in items]
