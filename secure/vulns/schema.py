"""What is in a database file: its marks, tables, and the types of blobs (vulndb/schema.sql)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec

from secure.vulns.compact import Affected
from secure.vulns.osv import Severity

APPLICATION_ID = 0x73656376  # "secv", at offset 68 of the file
VERSION = 3  # PRAGMA user_version; raised whenever older readers would misread
TABLES = frozenset(
    ("meta", "feed", "ecosystem", "affected", "advisory", "severity", "identifier", "description",
     "kev", "epss", "release")
)  # fmt: skip
DESCRIPTIONS = 512  # advisories in one compressed block: 256 take 8 % more room
HEADS_AT_ONCE = 64  # a match reads heads: unpacking so many takes some 20 us
DICTIONARY_BYTES = 32 * 1024  # what zstd knows beforehand of lists of affected
MAX_BLOCK_BYTES = 64 * 1024 * 1024  # uncompressed; what a hostile file could make us unpack


class StoredHead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One advisory without prose. Times are seconds since 1970, None where there is none."""

    id: str
    feed: int
    modified: int | None = None
    published: int | None = None
    withdrawn: int | None = None
    aliases: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()
    upstream: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    disputed: bool = False


class AdvisoryHead(msgspec.Struct, frozen=True):
    """One advisory without prose.

    Args:
        severities: vectors, and the vendor's own word with the type "word".
        published, modified, withdrawn: RFC 3339, whole seconds, UTC; "" where there is none.
        feed: its name.
        disputed: see `secure.vulns.osv.is_disputed`.
    """

    number: int
    id: str
    aliases: tuple[str, ...]
    related: tuple[str, ...]
    upstream: tuple[str, ...]
    severities: tuple[Severity, ...]
    published: str
    modified: str
    withdrawn: str
    feed: str
    disputed: bool = False


class Description(msgspec.Struct, frozen=True, gc=False):
    """The prose of one advisory; `references` are (type, URL)."""

    summary: str = ""
    details: str = ""
    references: tuple[tuple[str, str], ...] = ()


class Exploited(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An entry of CISA's catalogue of known exploited vulnerabilities. Dates as YYYY-MM-DD."""

    added: str = ""
    due: str = ""
    name: str = ""
    action: str = ""
    ransomware: bool = False


class Probability(msgspec.Struct, frozen=True, gc=False):
    """EPSS: the probability of exploitation in 30 days, and its percentile, both 0 to 1."""

    score: float
    percentile: float


class Lifetime(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One release of a distribution. Dates as YYYY-MM-DD, "" where nobody says.

    Args:
        ends: of the ordinary support.
        extended_ends: of what follows free of charge: Debian's LTS.
        paid_ends: of what follows for subscribers: ESM and Legacy of Ubuntu, ELTS of Debian, ELS,
            LTSS and the like.
    """

    name: str = ""
    codename: str = ""
    released: str = ""
    ends: str = ""
    extended_ends: str = ""
    paid_ends: str = ""

    @property
    def free_ends(self) -> str:
        """When the last fix comes that all get."""
        return self.extended_ends or self.ends


AFFECTED = msgspec.msgpack.Decoder(tuple[Affected, ...])
HEADS = msgspec.msgpack.Decoder(tuple[msgspec.Raw, ...])
HEAD = msgspec.msgpack.Decoder(StoredHead)
NUMBERS = msgspec.msgpack.Decoder(frozenset[int])
EXPLOITED = msgspec.msgpack.Decoder(Exploited)
LIFETIME = msgspec.msgpack.Decoder(Lifetime)
_encode = msgspec.msgpack.Encoder().encode


def packed(record: msgspec.Struct) -> bytes:
    """An `array_like` record without the defaults at its end, which the decoders fill in."""
    return _encode(_trimmed(record))


def packed_all(records: list[StoredHead]) -> bytes:
    """A list of such records."""
    return _encode([_trimmed(record) for record in records])


def packed_numbers(numbers: Iterable[int]) -> bytes:
    """Numbers of advisories, in their order."""
    return _encode(sorted(numbers))


def _trimmed(record: msgspec.Struct) -> list[object]:
    values = [getattr(record, name) for name in record.__struct_fields__]
    defaults = _defaults(type(record))
    while values and values[-1] == defaults[len(values) - 1]:
        values.pop()
    return [_shortened(value) for value in values]


@cache
def _defaults(kind: type[msgspec.Struct]) -> tuple[object, ...]:
    fields = msgspec.structs.fields(kind)
    made = (field.default_factory for field in fields)
    return tuple(
        field.default if factory is msgspec.NODEFAULT else factory()
        for field, factory in zip(fields, made, strict=True)
    )


def _shortened(value: object) -> object:
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        return [_trimmed(one) for one in value]
    return value


def seconds(time: str | None) -> int | None:
    """RFC 3339, or the looser forms found in records, as seconds since 1970; None where unread."""
    if not time:
        return None
    try:
        read = datetime.fromisoformat(time.strip())
        if read.tzinfo is None:
            read = read.replace(tzinfo=UTC)
        return int((read - _EPOCH).total_seconds())
    except (ValueError, OverflowError):
        return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_SECONDS = 253_402_300_799  # the year 9999, the last that RFC 3339 can write
_LEAST_SECONDS = -62_135_596_800  # the year 1


def rfc3339(time: int | None) -> str:
    """Seconds since 1970 as RFC 3339, UTC; "" for None."""
    if time is None or not _LEAST_SECONDS <= time <= _MOST_SECONDS:
        return ""
    return (_EPOCH + timedelta(seconds=time)).isoformat().replace("+00:00", "Z")
