"""sha256 of small things, without hashlib: it loads OpenSSL, 2 ms that a launch does not have.

Layers and blobs are hashed with hashlib, whose code is five times faster on them.
"""

from __future__ import annotations

import sys

# Not by trying: to find out that there is no such module Python reads every folder of its path.
if sys.version_info >= (3, 12):
    from _sha2 import sha256  # type: ignore[import-not-found]  # not in typeshed
else:
    from _sha256 import sha256  # type: ignore[import-not-found]

HEX_LENGTH = 64


def sha256_hex(content: bytes) -> str:
    """64 hexadecimal digits."""
    return str(sha256(content).hexdigest())


def sha256_bytes(content: bytes) -> bytes:
    """32 bytes."""
    return bytes(sha256(content).digest())
