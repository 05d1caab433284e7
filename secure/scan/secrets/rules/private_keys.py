"""Private keys: PEM, OpenSSH, PGP, age. Sources: RFC 7468, PROTOCOL.key of OpenSSH, RFC 9580."""

from __future__ import annotations

import base64
import binascii

from secure.scan.secrets.entropy import shannon
from secure.scan.secrets.rule import SecretRule, token
from secure.scan.secrets.samples import BASE64, UPPER, draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from random import Random

_BODY = r"(?:[A-Za-z0-9+/=\s]|\\[nr])"
_LEAST_BYTES = 30  # an Ed25519 key in PKCS#8 has 48, an EC P-256 key alone 121


def _key(match: re.Match[bytes], severity: str) -> str:
    """Only a body that decodes is a key; parsers, tests and manuals hold the bare markers."""
    headers, body = match["headers"] or b"", match["body"]
    packed = b"".join(body.replace(b"\\n", b"").replace(b"\\r", b"").split()).rstrip(b"=")
    try:
        key = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except binascii.Error:
        return ""
    if len(key) < _LEAST_BYTES or shannon(packed) < 3.0:
        return ""
    locked = b"ENCRYPTED" in match["label"] or b"ENCRYPTED" in headers
    # openssh-key-v1: the cipher's name follows the magic; "none" means unprotected.
    if key.startswith(b"openssh-key-v1\0"):
        locked = b"none" not in key[15:32]
    return "low" if locked else severity


def _pem(rng: Random, label: str = "RSA PRIVATE KEY") -> str:
    lines = "\n".join(draw(rng, BASE64, 64) for _ in range(12))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


PRIVATE_KEY = SecretRule(
    id="private-key",
    title="Private key (PEM or OpenSSH)",
    severity="critical",
    trigger=r"-----BEGIN [A-Z0-9 ]{0,24}PRIVATE KEY-----",
    pattern=r"(?P<secret>-----BEGIN (?P<label>[A-Z0-9 ]{0,24})PRIVATE KEY-----"
    r"(?P<headers>(?:(?:\s|\\n)*[A-Za-z-]{3,16}: [^\r\n\\]{1,200})*)"
    rf"(?P<body>{_BODY}{{40,15000}})-----END)",
    before=64,
    after=16_384,
    binaries=True,
    check=_key,
    sample=_pem,
    negatives=(
        "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----",
        'if line == "-----BEGIN PRIVATE KEY-----": start = number',
    ),
)

PGP_KEY = SecretRule(
    id="pgp-private-key",
    title="OpenPGP private key",
    severity="critical",
    trigger=r"-----BEGIN PGP PRIVATE KEY BLOCK-----",
    pattern=r"(?P<secret>-----BEGIN PGP PRIVATE KEY BLOCK-----"
    r"(?P<label>)(?P<headers>(?:\s*[A-Za-z-]{3,16}: [^\r\n]{0,200})*)"
    r"(?P<body>[A-Za-z0-9+/=\s]{40,15000}?)(?:\s=[A-Za-z0-9+/]{4}\s+)?-----END)",
    before=64,
    after=16_384,
    binaries=True,
    check=_key,
    sample=lambda rng: _pem(rng, "PGP PRIVATE KEY BLOCK"),
    negatives=("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n-----END PGP PRIVATE KEY BLOCK-----",),
)

PUTTY_KEY = SecretRule(
    id="putty-private-key",
    title="PuTTY private key",
    severity="critical",
    trigger=r"PuTTY-User-Key-File-[23]: ",
    pattern=r"PuTTY-User-Key-File-[23]: [a-z0-9-]{3,40}\r?\nEncryption: none\r?\n"
    r"[\s\S]{0,4000}?Private-Lines: \d{1,3}\s+(?P<secret>[A-Za-z0-9+/=]{20,64})",
    after=6_000,
    check=lambda match, severity: severity if shannon(match["secret"]) > 3.0 else "",
    sample=lambda rng: (
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: made up\n"
        f"Public-Lines: 1\n{draw(rng, BASE64, 64)}\nPrivate-Lines: 1\n{draw(rng, BASE64, 44)}\n"
    ),
    negatives=("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n",),
)

_BECH32 = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"

AGE_KEY = token(
    "age-secret-key",
    "age secret key",
    rf"AGE-SECRET-KEY-1[{_BECH32}]{{58}}",
    lambda rng: "AGE-SECRET-KEY-1" + draw(rng, _BECH32, 58),
    negatives=("AGE-SECRET-KEY-1" + "Q" * 58, "AGE-SECRET-KEY-1" + UPPER),
)

RULES = (PRIVATE_KEY, PGP_KEY, PUTTY_KEY, AGE_KEY)
