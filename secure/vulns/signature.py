"""Who built a database: an ed25519 signature over its manifest (RFC 8032), keys in PEM (RFC 8410).

Such a pair is made by `openssl genpkey -algorithm ed25519 -out key.pem` and
`openssl pkey -in key.pem -pubout -out key.pub`.
"""

from __future__ import annotations

from hashlib import sha256

from secure.errors import InputError, TamperedError

LENGTH = 64  # bytes, RFC 8032, 5.1.6
KEY_BYTES = 16 * 1024  # of a file; a key takes 120


class NotSignedError(InputError):
    """A signature is asked for, and there is none."""


def sign(message: bytes, private_pem: bytes, where: str) -> bytes:
    """The signature of `message`.

    Args:
        private_pem: not encrypted.
        where: names the key in errors.

    Raises:
        InputError: it is no private key of ed25519.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(private_pem, password=None)
    except (ValueError, TypeError) as cause:  # TypeError: it is encrypted
        raise _no_key(where, "private") from cause
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(where, "private")
    return key.sign(message)


def signer(message: bytes, signature: bytes, public_pem: bytes, where: str) -> str:
    """Which key made `signature`: "sha256:" and the digest of the public key as DER.

    Args:
        signature: b"" where there is none.
        where: names the key in errors.

    Raises:
        NotSignedError: there is no signature.
        TamperedError: it was made with another key, or over another message.
        InputError: `public_pem` is no public key of ed25519.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(public_pem)
    except ValueError as cause:
        raise _no_key(where, "public") from cause
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(where, "public")
    if not signature:
        raise NotSignedError(
            "the database is not signed, and a key was given to check it with",
            do="Ask its sender for a signed one, or leave out --key.",
        )
    try:
        key.verify(signature, message)
    except InvalidSignature as cause:
        raise TamperedError(
            f"the database is not signed by the key of {where}, or was changed since",
            do="Get it again, and the key from its sender.",
        ) from cause
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{sha256(der).hexdigest()}"


def _no_key(where: str, kind: str) -> InputError:
    return InputError(
        f"{where} is no {kind} key of ed25519 in PEM",
        do="Make one: openssl genpkey -algorithm ed25519 -out key.pem;"
        " openssl pkey -in key.pem -pubout -out key.pub",
    )
