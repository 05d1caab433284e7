"""The files that a package database says belong to a package, kept small.

A Debian image of 400 packages claims 30,000 names: as objects they would take 6 MB, joined 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from struct import iter_unpack

import msgspec

_WIDTHS = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}


class OwnedFiles(msgspec.Struct, frozen=True, gc=False):
    """Names and digests, as the database has them. Made by `owned_files`.

    Args:
        names: NUL-joined, no leading slash, in the order of the database; directories may be
            among them.
        algorithm: of all digests, as hashlib calls it; "" where the database has none.
        digests: one after the other, raw, one for each name; all zero bytes: none for this name.
        config: NUL-joined: those of `names` that an administrator may change or remove (dpkg
            conffiles, rpm %config).
        secondary: a distribution's package that claims a file of these is its owner.
    """

    names: bytes = b""
    algorithm: str = ""
    digests: bytes = b""
    config: bytes = b""
    secondary: bool = False

    def listed(self) -> list[bytes]:
        """The names."""
        return self.names.split(b"\0") if self.names else []

    def with_digests(self) -> Iterator[tuple[bytes, bytes]]:
        """Each name with its raw digest, b"" where the database has none."""
        if not self.digests:
            return zip(self.listed(), repeat(b""))
        none = bytes(_WIDTHS[self.algorithm])
        each = [b"" if digest == none else digest for (digest,) in self._digests()]
        return zip(self.listed(), each, strict=True)

    def _digests(self) -> Iterator[tuple[bytes]]:
        return iter_unpack(f"{_WIDTHS[self.algorithm]}s", self.digests)

    def with_sums(self, sums: OwnedFiles | None, config: bytes) -> OwnedFiles:
        """These names with the digests that another list has of them, and with `config`."""
        if sums is None or not sums.digests:
            return OwnedFiles(self.names, config=config)
        none = bytes(_WIDTHS[sums.algorithm])
        known = {
            name: digest for name, (digest,) in zip(sums.listed(), sums._digests(), strict=True)
        }
        packed = b"".join([known.get(name, none) for name in self.listed()])
        return OwnedFiles(self.names, sums.algorithm, packed, config)


def owned_files(
    pairs: Iterable[tuple[bytes, bytes]],
    algorithm: str = "",
    config: Iterable[bytes] = (),
    *,
    secondary: bool = False,
) -> OwnedFiles:
    """Names with raw digests (b"": none), packed. Slashes at either end are removed.

    Args:
        pairs: a digest that has not the length of `algorithm`'s counts as none.
        algorithm: "md5", "sha1", "sha256", "sha384", "sha512", or "" for no digests.
    """
    width = _WIDTHS.get(algorithm, 0)
    none = bytes(width)
    names: list[bytes] = []
    digests: list[bytes] = []
    for raw, digest in pairs:
        # A NUL would make two names of one.
        name = raw.strip(b"/").replace(b"\0", b"")
        if name:
            names.append(name)
            digests.append(digest if len(digest) == width else none)
    return OwnedFiles(
        b"\0".join(names),
        algorithm,
        b"" if not any(digests) else b"".join(digests),
        b"\0".join(name.strip(b"/") for name in config),
        secondary,
    )
