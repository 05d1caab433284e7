"""Digests of packages, as lock files write them, in the form of `Package.hashes`."""

from __future__ import annotations

import base64
import binascii
import re

_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
_HEX = re.compile(r"[0-9a-fA-F]+")

Hashes = tuple[tuple[str, str], ...]


def from_integrity(text: str) -> Hashes:
    """Of "sha512-BASE64 sha1-BASE64" (W3C Subresource Integrity); what is none is left out."""
    found = []
    for word in text.split():
        name, _, encoded = word.partition("-")
        try:
            raw = base64.b64decode(encoded.partition("?")[0], validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(raw) == _BYTES.get(name):
            found.append((name, raw.hex()))
    return tuple(dict.fromkeys(found))


def from_go_sum(text: str) -> Hashes:
    """Of "h1:BASE64" in go.sum and in Go programs.

    It is no hash of an archive but the SHA-256 of a list of the SHA-256 of a module's files, so it
    has a name of its own (golang.org/x/mod/sumdb/dirhash, "Hash1").
    """
    name, _, encoded = text.partition(":")
    found = from_integrity(f"sha256-{encoded}") if name == "h1" else ()
    return tuple(("h1", digits) for _, digits in found)


def from_pairs(*pairs: str) -> Hashes:
    """Of "sha256:HEX" each, as pip and its kin write them. Any of several may be the package's."""
    found = []
    for pair in pairs:
        name, _, digits = pair.strip().partition(":")
        if len(digits) == 2 * _BYTES.get(name, 0) and _HEX.fullmatch(digits):
            found.append((name, digits.lower()))
    return tuple(dict.fromkeys(found))
