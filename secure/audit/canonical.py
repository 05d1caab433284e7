"""Plain values as canonical JSON: one value, one spelling, so that its hash means something.

Keys sorted, no blanks, ASCII only, whole numbers only (RFC 8785 allows more; a log needs less).
The `json` package costs a launch 8 to 17 ms to import, its C string encoder nothing.
"""

from __future__ import annotations

from secure.errors import SecureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    Plain: TypeAlias = "Mapping[str, Plain] | Sequence[Plain] | str | int | bool | None"

_MAX_DEPTH = 32  # bodies are flat records; deeper is a cycle or a mistake of ours


def encode(value: Plain) -> bytes:
    """The canonical JSON of a plain value.

    Raises:
        SecureError: it holds something that is not plain (a float, bytes, an object), or a cycle.
    """
    return _text(value, _MAX_DEPTH).encode("ascii")


def _quoted(text: str) -> str:
    """A string as JSON. Most need no escape, and then not even the import."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    try:
        from _json import encode_basestring_ascii
    except ImportError:  # an interpreter built without the C accelerator
        from json.encoder import encode_basestring_ascii
    return encode_basestring_ascii(text)


def _text(value: Plain, depth: int) -> str:
    if depth == 0:
        raise SecureError(f"an audit record is nested deeper than {_MAX_DEPTH} levels")
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    # exact types: a subclass (an enum, say) could spell itself differently on another Python
    kind = type(value)
    if kind is str:
        return _quoted(value)  # type: ignore[arg-type]  # kind was compared above
    if kind is int:
        return str(value)
    if kind is dict:
        return _members(value, depth)  # type: ignore[arg-type]  # kind was compared above
    if kind is list or kind is tuple:
        # Most items are strings, some 500 in the record of a launch: one call less for each.
        parts = [
            _quoted(item) if type(item) is str else _text(item, depth - 1)
            for item in value  # type: ignore[union-attr]  # kind was compared above
        ]
        return f"[{','.join(parts)}]"
    raise SecureError(f"an audit record cannot hold a {kind.__name__}")


def _members(value: Mapping[str, Plain], depth: int) -> str:
    for key in value:
        if type(key) is not str:
            raise SecureError(f"an audit record has a key of type {type(key).__name__}")
    members = [f"{_quoted(k)}:{_text(value[k], depth - 1)}" for k in sorted(value)]
    return "{" + ",".join(members) + "}"
