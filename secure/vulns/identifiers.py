"""Ids and aliases of advisories by a hash: where each is found, without a word of its text.

They follow from the heads, so that an exported file has none of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterable, Iterator
from hashlib import blake2b
from itertools import groupby

from secure.vulns.schema import StoredHead

_REST_BITS = 24  # of an identifier's hash, beside its bucket
_BUCKET_BITS = 14  # a million identifiers: 60 a bucket
_NUMBER_BITS = 26  # 67 million advisories
_ENTRY = 7  # bytes: 3 of the hash, 4 of the number


class Identifiers:
    """All names of all advisories, on the way into a database."""

    def __init__(self) -> None:
        self._entries = array("Q")  # a million of them, as Python objects, would take 100 MiB

    def add(self, number: int, head: StoredHead) -> None:
        """The advisory `number`, under each of its names.

        Raises:
            ValueError: no advisory has this number.
        """
        if not 0 < number < 1 << _NUMBER_BITS:
            raise ValueError(f"an advisory has the number {number}")
        names = {head.id, *head.aliases, *head.upstream, *head.related}
        self._entries.extend(_hashed(name, number) for name in names)

    def rows(self, dropped: Container[int]) -> Iterator[tuple[int, bytes]]:
        """Rows of the table `identifier`.

        Args:
            dropped: advisories that a newer one stands for.
        """
        return _buckets(one for one in sorted(self._entries) if _number_of(one) not in dropped)


def _hashed(identifier: str, number: int) -> int:
    """An identifier's hash, with the advisory's number behind it."""
    digest = int.from_bytes(blake2b(identifier.encode(), digest_size=6).digest())
    return digest >> (48 - _BUCKET_BITS - _REST_BITS) << _NUMBER_BITS | number


def _number_of(entry: int) -> int:
    """The advisory's number behind a hash."""
    return entry & ((1 << _NUMBER_BITS) - 1)


def _buckets(entries: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """Sorted hashes as rows."""
    for bucket, found in groupby(entries, lambda entry: entry >> (_REST_BITS + _NUMBER_BITS)):
        yield bucket, b"".join(map(_entry, found))


def _entry(entry: int) -> bytes:
    rest = entry >> _NUMBER_BITS & ((1 << _REST_BITS) - 1)
    return rest.to_bytes(3) + _number_of(entry).to_bytes(4)


def bucket_of(identifier: str) -> int:
    """In which row the identifier is, if it is anywhere."""
    return _hashed(identifier, 0) >> (_REST_BITS + _NUMBER_BITS)


def numbers_in(content: bytes, identifier: str) -> Iterator[int]:
    """The advisories of a bucket that may have this identifier: their heads tell."""
    rest = _entry(_hashed(identifier, 0))[:3]
    for at in range(0, len(content) - _ENTRY + 1, _ENTRY):
        if content[at : at + 3] == rest:
            yield int.from_bytes(content[at + 3 : at + _ENTRY])
