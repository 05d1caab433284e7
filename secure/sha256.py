"""sha256 of small things, without hashlib: it loads OpenSSL, 2 ms that a launch does not have.

Layers and blobs are hashed with hashlib, whose code is five times faster on them.
"""

from __future__ import annotations

try:
    from _sha2 import sha256  # type: ignore[import-not-found]  # Python 3.12; not in typeshed
except ImportError:
    from _sha256 import sha256  # type: ignore[import-not-found]  # Python 3.11

HEX_LENGTH = 64


def sha256_hex(content: bytes) -> str:
    """64 hexadecimal digits."""
    return str(sha256(content).hexdigest())


def sha256_bytes(content: bytes) -> bytes:
    """32 bytes."""
    return bytes(sha256(content).digest())
