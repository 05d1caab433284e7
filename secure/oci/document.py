"""JSON documents of strangers: bounded before decoding, strict while decoding.

Other engines are written in Go, whose decoder takes `"user"` for `"User"` and merges objects that
appear twice. A document that two readers understand differently can show a scanner one image and
start another, so both forms are refused.
"""

from __future__ import annotations

import json
import re
from typing import Literal, TypeVar

import msgspec

from secure.errors import DocumentError, LimitExceededError
from secure.oci.limits import Limits

_T = TypeVar("_T")

SizeLimit = Literal["manifest_bytes", "config_bytes", "sbom_bytes"]

# One pass over strings and brackets. An unfinished string runs to the end of the text, so no
# position is looked at twice.
_TOKENS = re.compile(rb'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)|([\[{])|[\]}]', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def decode_document(
    raw: bytes, kind: type[_T], where: str, *, limit: SizeLimit, limits: Limits
) -> _T:
    """Decode `raw` as `kind`, a `msgspec.Struct` type or a tuple of one.

    Args:
        where: the subject of errors, e.g. 'manifest.json in "web.tar"'.
        limit: the field of `Limits` that bounds the size of this document.

    Raises:
        LimitExceededError: too many bytes or too deep; nothing was decoded.
        DocumentError: not JSON, of other types, with NUL, with a key twice, or with a known key in
            other letter case.
    """
    if len(raw) > getattr(limits, limit):
        raise LimitExceededError(limit, where, f"{getattr(limits, limit)} bytes")
    _check_depth(raw, where, limits.json_depth)
    if _NUL.search(raw):
        raise DocumentError(f"{where}: a string holds a NUL character")
    try:
        made = msgspec.json.decode(raw, type=kind)
        plain = json.loads(raw, object_pairs_hook=_only_once)
    except (ValueError, RecursionError, msgspec.MsgspecError) as cause:
        raise DocumentError(f"{where}: {_shown(cause)}") from cause
    _check_letter_case(plain, msgspec.inspect.type_info(kind), where)
    return made


def _check_depth(raw: bytes, where: str, most: int) -> None:
    depth = 0
    for token in _TOKENS.finditer(raw):
        if token[1]:
            depth += 1
            if depth > most:
                raise LimitExceededError("json_depth", where, f"{most} levels")
        elif raw[token.start()] != 0x22:
            depth -= 1


def _only_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:  # counting each key instead takes hours for a hostile megabyte
            if key in seen:
                raise ValueError(f"the key {key[:80]!r} appears twice in one object")
            seen.add(key)
    return made


def _check_letter_case(value: object, kind: msgspec.inspect.Type, where: str) -> None:
    match kind:
        case msgspec.inspect.UnionType():
            for one in kind.types:
                _check_letter_case(value, one, where)
        case msgspec.inspect.StructType() if isinstance(value, dict):
            known = {field.encode_name: field.type for field in kind.fields}
            folded = {name.casefold(): name for name in known}
            for key, item in value.items():
                if key in known:
                    _check_letter_case(item, known[key], where)
                elif key.casefold() in folded:
                    raise DocumentError(
                        f'{where}: the key {key!r} differs from "{folded[key.casefold()]}" only in '
                        "letter case, and readers disagree about it"
                    )
        case msgspec.inspect.VarTupleType() | msgspec.inspect.ListType():
            if isinstance(value, list):
                for item in value:
                    _check_letter_case(item, kind.item_type, where)


def _shown(cause: BaseException) -> str:
    if isinstance(cause, RecursionError):
        return "nested too deeply"
    # Messages of decoders may quote input; control characters must not reach a terminal.
    return "".join(char if char.isprintable() else "?" for char in str(cause))[:400]
