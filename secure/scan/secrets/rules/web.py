"""What travels in HTTP: logins in addresses, bearer tokens, JSON Web Tokens (RFC 7519)."""

from __future__ import annotations

import base64
import binascii

from secure.scan.secrets.entropy import is_filler, shannon
from secure.scan.secrets.rule import SecretRule, random_token, value_of
from secure.scan.secrets.samples import BASE62, URL64, draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from random import Random

# {"sub":"1234567890": the sample token that jwt.io shows and every manual copies.
_JWT_IO = b"eyJzdWIiOiIxMjM0NTY3ODkwI"
_PLACEHOLDER_HOSTS = (b"example.", b"host", b"server", b"hostname", b"domain", b"proxy", b"test.")


def _jwt(match: re.Match[bytes], severity: str) -> str:
    value = value_of(match)
    head, payload, signature = value.split(b".")
    if b'"alg"' not in _url64(head) or not _url64(payload).startswith(b"{"):
        return ""
    if payload.startswith(_JWT_IO) or is_filler(signature):
        return "low"
    return severity


def _url64(part: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except binascii.Error:
        return b""


def _url_login(match: re.Match[bytes], severity: str) -> str:
    """A password in an address, unless user, password and host read like a manual."""
    user, password, host = match["user"].lower(), match["secret"], match["host"].lower()
    low = password.lower()
    if is_filler(password) or low == user or low in host or not _varied(password):
        return ""
    if any(sign in password + user for sign in (b"$", b"{", b"%s", b"*", b"[", b"|", b"\\", b"(")):
        return ""
    return "" if host.startswith(_PLACEHOLDER_HOSTS) or b"example." in host else severity


def _varied(password: bytes) -> bool:
    """Short words of letters only ("pass", "pwd1" apart) are what examples use."""
    one_case = password.isalpha() and password[1:] in (password[1:].lower(), password[1:].upper())
    return len(password) >= 6 and shannon(password) >= 2.5 and not one_case


def _jwt_sample(rng: Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    payload = base64.urlsafe_b64encode(f'{{"sub":"{draw(rng, BASE62, 12)}"}}'.encode()).decode()
    return f"{head}.{payload.rstrip('=')}.{draw(rng, URL64, 43)}"


RULES = (
    SecretRule(
        id="jwt",
        title="JSON Web Token",
        severity="medium",
        pattern=r"(?<![A-Za-z0-9_-])(?P<secret>eyJ[0-9A-Za-z_-]{10,2000}\.eyJ[0-9A-Za-z_-]{10,4000}"
        r"\.[0-9A-Za-z_-]{16,1400})",
        trigger=r"eyJ[0-9A-Za-z_-]{10,2000}\.eyJ[0-9A-Za-z_-]{10}",
        before=2_100,
        after=5_600,
        binaries=True,
        check=_jwt,
        sample=_jwt_sample,
        negatives=("eyJhbGciOiJIUzI1NiJ9.eyJ.x", "eyJAAAAAAAAAA.eyJAAAAAAAAAA." + "A" * 43),
    ),
    SecretRule(
        id="url-login",
        title="Login in an address",
        severity="high",
        pattern=r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,20})://(?P<user>[^\s/:@\"'<>`?#,]{0,100}):"
        r"(?P<secret>[^\s/:@\"'<>`?#,]{3,200})@(?P<host>[A-Za-z0-9_.\[-]{1,255})",
        trigger=r"://[^\s/:@\"'<>`?#,]{0,100}:[^\s/:@\"'<>`?#,]{3,200}@",
        check=_url_login,
        sample=lambda rng: f"postgres://app:{draw(rng, BASE62, 14)}@db.internal:5432/app",
        negatives=(
            "https://user:password@example.com/",
            "http://${USER}:${PASS}@host/",
            "https://oauth2:<token>@gitlab.com/a/b.git",
            "redis://:pass@localhost:6379/0",
        ),
    ),
    SecretRule(
        id="bearer-token",
        title="Bearer token in an Authorization header",
        severity="high",
        caseless=True,
        pattern=r"authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?(?:bearer|token)\s{1,4}"
        r"(?P<secret>[0-9A-Za-z_.~+/=-]{20,2000})",
        trigger=r"authorization[\"']?\s{0,4}[:=,]\s{0,4}[\"']?(?:bearer|token)\s{1,4}"
        r"[0-9A-Za-z_.~+/=-]{20}",
        after=2_048,
        check=lambda match, severity: random_token(match, severity, 3.5),
        sample=lambda rng: "Authorization: Bearer " + draw(rng, URL64, 40),
        negatives=("Authorization: Bearer YOUR_ACCESS_TOKEN_HERE", "authorization: bearer $TOKEN"),
    ),
)
