"""Hash algorithms as each format spells them."""

from __future__ import annotations

import re

import msgspec


class HashName(msgspec.Struct, frozen=True):
    """One algorithm: its names, and how many hex digits it has. "" where a format lacks it."""

    cyclonedx: str
    spdx2: str
    spdx3: str
    digits: int


# By their names in `Package.hashes`.
_NAMES = {
    "md5": HashName("MD5", "MD5", "md5", 32),
    "sha1": HashName("SHA-1", "SHA1", "sha1", 40),
    "sha224": HashName("", "SHA224", "sha224", 56),
    "sha256": HashName("SHA-256", "SHA256", "sha256", 64),
    "sha384": HashName("SHA-384", "SHA384", "sha384", 96),
    "sha512": HashName("SHA-512", "SHA512", "sha512", 128),
    "sha3256": HashName("SHA3-256", "SHA3-256", "sha3_256", 64),
    "sha3384": HashName("SHA3-384", "SHA3-384", "sha3_384", 96),
    "sha3512": HashName("SHA3-512", "SHA3-512", "sha3_512", 128),
    "blake2b256": HashName("BLAKE2b-256", "BLAKE2b-256", "blake2b256", 64),
    "blake2b384": HashName("BLAKE2b-384", "BLAKE2b-384", "blake2b384", 96),
    "blake2b512": HashName("BLAKE2b-512", "BLAKE2b-512", "blake2b512", 128),
    "blake3": HashName("BLAKE3", "BLAKE3", "blake3", 64),
}
_HEX = re.compile(r"[0-9a-f]+")


def known_hashes(pairs: tuple[tuple[str, str], ...]) -> list[tuple[HashName, str]]:
    """(names, hex) of those that are what they say, sorted; what is no such hash is left out.

    So are several of one algorithm: the formats would have each be the hash of the package.
    """
    found: dict[str, set[str]] = {}
    for algorithm, digits in pairs:
        name, text = _NAMES.get(algorithm), digits.lower()
        if name is not None and len(text) == name.digits and _HEX.fullmatch(text):
            found.setdefault(algorithm, set()).add(text)
    only = [(_NAMES[key], text) for key, (text, *more) in found.items() if not more]
    return sorted(only, key=lambda one: one[0].spdx2)
