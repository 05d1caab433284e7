"""How many small things become one blob of a database, and how one of them is found in it again.

Neighbours resemble each other: compressed together they take half of the room or less. How many are
together weighs that against what is unpacked for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby, islice

import msgspec
import zstandard

from secure.vulns import schema
from secure.vulns.schema import Description

_GROUP_BYTES = 512  # of lists of affected: a lookup unpacks one group
_GROUP_NAMES = 16
_REST_BITS = 24  # of an identifier's hash, beside its bucket
_BUCKET_BITS = 14  # a million identifiers: 60 a bucket
_NUMBER_BITS = 26  # 67 million advisories
_ENTRY = 7  # bytes: 3 of the hash, 4 of the number

_encode = msgspec.msgpack.Encoder().encode
_prose = msgspec.msgpack.Decoder(tuple[str, str, str])
GROUP = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])


def dictionary(samples: Sequence[bytes]) -> zstandard.ZstdCompressionDict:
    """What zstd knows beforehand of groups; nothing where there are too few to learn from."""
    try:
        return zstandard.train_dictionary(schema.DICTIONARY_BYTES, [*samples])
    except zstandard.ZstdError:
        return zstandard.ZstdCompressionDict(b"", zstandard.DICT_TYPE_RAWCONTENT)


def list_of(items: list[bytes]) -> bytes:
    """Packed items as one packed list."""
    count = len(items)
    if count < 16:
        head = bytes([0x90 | count])
    elif count < 65_536:
        head = b"\xdc" + count.to_bytes(2)
    else:
        head = b"\xdd" + count.to_bytes(4)
    return head + b"".join(items)


def grouped(lists: Iterable[tuple[int, str, bytes]]) -> Iterator[tuple[int, str, bytes]]:
    """Neighbours of one ecosystem together: under the first name, what `GROUP` decodes.

    Args:
        lists: (ecosystem, package, its list), sorted.
    """
    first: tuple[int, str] | None = None
    group: dict[str, msgspec.Raw] = {}
    size = 0
    for ecosystem, name, content in lists:
        full = size + len(content) > _GROUP_BYTES or len(group) >= _GROUP_NAMES
        if first is None or full or ecosystem != first[0]:
            if first is not None:
                yield *first, _encode(group)
            first, group, size = (ecosystem, name), {}, 0
        group[name] = msgspec.Raw(content)
        size += len(content) + len(name)
    if first is not None:
        yield *first, _encode(group)


def hashed(identifier: str, number: int) -> int:
    """An identifier's hash, with the advisory's number behind it."""
    digest = int.from_bytes(blake2b(identifier.encode(), digest_size=6).digest())
    return digest >> (48 - _BUCKET_BITS - _REST_BITS) << _NUMBER_BITS | number


def number_of(entry: int) -> int:
    """The advisory's number behind a hash."""
    return entry & ((1 << _NUMBER_BITS) - 1)


def buckets(entries: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Sorted hashes as rows: (bucket, entries)."""
    for bucket, found in groupby(entries, lambda entry: entry >> (_REST_BITS + _NUMBER_BITS)):
        yield bucket, b"".join(map(_entry, found))


def _entry(entry: int) -> bytes:
    rest = entry >> _NUMBER_BITS & ((1 << _REST_BITS) - 1)
    return rest.to_bytes(3) + number_of(entry).to_bytes(4)


def bucket_of(identifier: str) -> int:
    """In which row the identifier is, if it is anywhere."""
    return hashed(identifier, 0) >> (_REST_BITS + _NUMBER_BITS)


def numbers_in(content: bytes, identifier: str) -> Iterator[int]:
    """The advisories of a bucket that may have this identifier: their heads tell."""
    rest = _entry(hashed(identifier, 0))[:3]
    for at in range(0, len(content) - _ENTRY + 1, _ENTRY):
        if content[at : at + 3] == rest:
            yield int.from_bytes(content[at + 3 : at + _ENTRY])


def packed_prose(block: list[Description]) -> bytes:
    """Like beside like: all summaries, then all details, then all references."""
    return _encode((
        "\0".join(_clean(one.summary) for one in block),
        "\0".join(_clean(one.details) for one in block),
        "\0".join("\n".join(map(_reference, one.references)) for one in block),
    ))  # fmt: skip


def summaries_of(block: bytes) -> bytes:
    """The block without details and references.

    Raises:
        msgspec.MsgspecError: it is no block.
    """
    return _encode((_prose.decode(block)[0], "", ""))


def _clean(text: str) -> str:
    return text.replace("\0", "")


def _reference(told: tuple[str, str]) -> str:
    kind, url = (_clean(word).replace("\n", "") for word in told)
    return f"{kind.replace(' ', '')} {url}"


def prose_at(block: bytes, at: int) -> Description:
    """The one at this place of a block; an empty one where there is none.

    Raises:
        msgspec.MsgspecError: it is no block.
    """
    summary, details, references = (_field(column, at) for column in _prose.decode(block))
    found = (line.partition(" ") for line in references.split("\n") if line)
    return Description(summary, details, tuple((kind, url) for kind, _, url in found))


def _field(column: str, at: int) -> str:
    return next(islice(column.split("\0"), at, None), "")
