"""Digests: `algorithm:hex` (image-spec 1.1, descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

import msgspec

from secure.errors import DigestMismatchError, DocumentError, UnsupportedError

# image-spec registers more algorithms; only these two MUST or MAY be supported by readers.
_HEX_LENGTH = {"sha256": 64, "sha512": 128}
_GRAMMAR = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_KNOWN = r"\A(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z"

DigestText = Annotated[str, msgspec.Meta(pattern=_KNOWN)]
"""A digest as text, for fields of documents: decoding refuses every other form."""


class Digest(msgspec.Struct, frozen=True, order=True):
    """A validated digest; `str()` gives the one text form it has."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """The digest that `text` writes.

        Raises:
            DocumentError: it does not follow the grammar, or the length is wrong.
            UnsupportedError: the algorithm is neither sha256 nor sha512.
        """
        if not _GRAMMAR.fullmatch(text):
            raise DocumentError(
                f"{text[:160]!r} is not a digest", do="Write sha256: and 64 lower-case hex digits."
            )
        algorithm, _, digits = text.partition(":")
        length = _HEX_LENGTH.get(algorithm)
        if length is None:
            raise UnsupportedError(
                f'digest algorithm "{algorithm}" is not supported', do="Use sha256 or sha512."
            )
        if len(digits) != length or not set(digits) <= set("0123456789abcdef"):
            raise DocumentError(f'"{text[:160]}" is not {length} lower-case hex digits')
        return cls(algorithm, digits)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of `content`."""
        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class Verifier:
    """Hashes a stream and compares at its end.

    Args:
        expected: what a descriptor, manifest or config promises.
        what: the subject of the error, e.g. 'layer 3 of "web.tar"'.
        name: what kind of digest it is, e.g. "diff-id".
    """

    __slots__ = ("_expected", "_hash", "_name", "_what", "update")

    def __init__(self, expected: str, what: str, name: str = "digest") -> None:
        self._expected = Digest.parse(expected)
        self._what, self._name = what, name
        self._hash = hashlib.new(self._expected.algorithm)
        self.update = self._hash.update

    def check(self) -> None:
        """Compare.

        Raises:
            DigestMismatchError: what was hashed is something else.
        """
        if self._hash.hexdigest() != self._expected.hex:
            raise DigestMismatchError(
                f"{self._what} is not what it should be: {self._name} {self._expected} expected, "
                f"{self._expected.algorithm}:{self._hash.hexdigest()} read",
                do="The image is damaged or was altered; fetch it again.",
            )


def verify(content: bytes, expected: str, what: str) -> None:
    """Check a small content, already in memory, against its digest.

    Raises:
        DigestMismatchError: they differ.
    """
    verifier = Verifier(expected, what)
    verifier.update(content)
    verifier.check()
