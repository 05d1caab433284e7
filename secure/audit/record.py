"""One record of the audit log: how it is sealed into a line, and recognised again.

    {"seq":7,"time":"2026-11-24T07:30:00.123Z","kind":"launch","prev":"…","body":{…},"hash":"…"}

`hash` is the sha256 of the line's bytes before `,"hash":`. `prev` is the `hash` of the record
before; the first record has 64 zeros. So every byte of the log is covered: the line by its own
hash, its place by `prev` and `seq`. No key is involved: see docs/threat-model.md for what that
means.
"""

from __future__ import annotations

from secure.audit.canonical import encode
from secure.errors import SecureError, TamperedError
from secure.sha256 import sha256_hex
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.audit.canonical import Plain

GENESIS = "0" * 64
REPAIR, SEGMENT = "repair", "segment"  # written by the log itself

_TAIL = 75  # ,"hash":" + 64 + "}
_HEADER = 256  # bytes before the body; the longest is 206
_HEX = frozenset("0123456789abcdef")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz-")


@value
class Record:
    """One whole record.

    Args:
        seq: 1 for the first record of a log, then without gaps, across segments.
        time: RFC 3339, UTC, milliseconds, as the writer's clock had it.
        kind: "check", "launch", "refusal", "exit", …; "repair" and "segment" are the log's own.
        prev: `hash` of the record before.
        hash: sha256 of the line before its `hash` member.
        body: canonical JSON; see `content`.
    """

    seq: int
    time: str
    kind: str
    prev: str
    hash: str
    body: bytes


@value
class Head:
    """The end of a log: note it elsewhere, and nobody can cut or rewrite the log unseen."""

    seq: int
    hash: str


def seal(seq: int, now: str, kind: str, prev: str, body: Plain) -> tuple[Record, bytes]:
    """The record and its line, without the newline.

    Raises:
        SecureError: `now` or `kind` is not well formed, or `body` is not plain.
    """
    if not is_time(now):
        raise SecureError(f'"{now}" is not a time of the form 2026-11-24T07:30:00.123Z')
    if not is_kind(kind):
        raise SecureError(f'"{kind}" is not a kind of audit record: lower-case letters and "-"')
    encoded = encode(body)
    sealed = _header(seq, now, kind, prev) + encoded
    digest = sha256_hex(sealed)
    record = Record(seq, now, kind, prev, digest, encoded)
    return record, b'%s,"hash":"%s"}' % (sealed, digest.encode())


def parse(line: bytes) -> Record | None:
    """The record that `line` (without newline) is, or None if it is not exactly as sealed."""
    sealed, tail = line[:-_TAIL], line[-_TAIL:]
    digest = sha256_hex(sealed)
    if tail != b',"hash":"%s"}' % digest.encode():
        return None
    header, mark, _ = sealed[:_HEADER].partition(b',"body":')
    try:
        parts = header.decode("ascii").split('"')
        seq = int(parts[2][1:-1])
        now, kind, prev = parts[5], parts[9], parts[13]
    except (ValueError, IndexError):
        return None
    # Encoding again is the strictest comparison: no other spelling of the header passes.
    if not mark or _header(seq, now, kind, prev) != header + mark:
        return None
    if seq < 1 or not is_time(now) or not is_kind(kind) or len(prev) != 64 or set(prev) - _HEX:
        return None
    return Record(seq, now, kind, prev, digest, sealed[len(header) + len(mark) :])


def content(record: Record) -> dict[str, object]:
    """The record's body, decoded. Not for the launch path: it imports `json`.

    Raises:
        TamperedError: the hash is right but the body is no JSON object: we did not write it.
    """
    import json

    try:
        decoded = json.loads(record.body)
    except (ValueError, RecursionError) as cause:
        raise TamperedError(f"the body of audit record {record.seq} is not JSON") from cause
    if not isinstance(decoded, dict):
        raise TamperedError(f"the body of audit record {record.seq} is not a JSON object")
    return decoded


def is_time(text: str) -> bool:
    """`text` is RFC 3339, UTC, with milliseconds: then times compare as text."""
    shape = "".join(["0" if "0" <= letter <= "9" else letter for letter in text])
    return shape == "0000-00-00T00:00:00.000Z"


def is_kind(text: str) -> bool:
    """`text` can be the kind of a record."""
    return 0 < len(text) <= 32 and not set(text) - _LETTERS


def _header(seq: int, now: str, kind: str, prev: str) -> bytes:
    text = f'{{"seq":{seq},"time":"{now}","kind":"{kind}","prev":"{prev}","body":'
    return text.encode("ascii")
