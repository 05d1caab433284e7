"""Passwords and keys that have no form of their own: the name says it, the value is tested."""

from __future__ import annotations

import re

from secure.scan.secrets.entropy import is_filler, shannon
from secure.scan.secrets.rule import SecretRule, value_of
from secure.scan.secrets.samples import BASE62, draw

_WORDS = (
    r"(?:pass(?:word|wd|phrase)|secret|(?:api|access|auth|secret|private|encryption|signing|master)"
    r"[_-]?key|(?:access|auth|api|bot|refresh|session|secret)[_-]?token|client[_-]?secret)"
)
_ASSIGNED = r"[\"']?[ \t]{0,4}(?:=>|:=|=|:)[ \t]{0,4}[\"']?"
_VALUE = r"[0-9A-Za-z+/=_.~!@#%^&*?-]"

# Values that are code, names or digests of public things.
_DOTTED = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+[.,;)]*$")
# Words as people write names: snake_case, dashes, camelCase with humps of two letters or more.
_WORDY = re.compile(rb"(?:(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}|[A-Za-z](?=[-_.:/]))*[0-9]{0,4}[-_.:/]?)*$")
_UUID = re.compile(rb"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$", re.IGNORECASE)
_DIGEST = re.compile(
    rb"(?:sha(?:1|256|384|512)[-:].*|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$", re.IGNORECASE
)
_LEAST_BITS = 3.3
GUESS = "generic-secret"  # the one rule that knows no form


def looks_random(value: bytes) -> bool:
    """Could only a generator, or a careful person, have made this value?"""
    if is_filler(value) or not any(48 <= byte <= 57 for byte in value):
        return False
    if not any(chr(byte).isalpha() for byte in value):
        return False
    if value.startswith((b"/", b"./", b"../", b"http", b"#", b"-", b"%", b"$")) or b"://" in value:
        return False
    if any(form.match(value) for form in (_DOTTED, _WORDY, _UUID, _DIGEST)):
        return False
    return shannon(value) >= _LEAST_BITS


def _assigned(match: re.Match[bytes], severity: str) -> str:
    return severity if looks_random(value_of(match).rstrip(b".,;")) else ""


def _php(match: re.Match[bytes], severity: str) -> str:
    value = value_of(match)
    return "" if is_filler(value) or value.endswith(b"here") or shannon(value) < 2.5 else severity


RULES = (
    SecretRule(
        id="php-define",
        title="Password or key in a PHP constant",
        severity="high",
        pattern=r"define\(\s{0,4}['\"][A-Z_]{0,40}(?:PASSWORD|SECRET|_KEY|_SALT|TOKEN)['\"]\s{0,4},"
        r"\s{0,16}['\"](?P<secret>[^'\"\r\n]{6,128})['\"]",
        trigger=r"define\(\s{0,4}['\"][A-Z_]{0,40}(?:PASSWORD|SECRET|_KEY|_SALT|TOKEN)['\"]\s{0,4},"
        r"\s{0,16}['\"][^'\"\r\n]{6}",
        check=_php,
        sample=lambda rng: f"define( 'DB_PASSWORD', '{draw(rng, BASE62, 14)}' );",
        negatives=(
            "define( 'DB_PASSWORD', 'password_here' );",
            "define('AUTH_KEY', 'put your unique phrase here');",
        ),
    ),
    SecretRule(
        id=GUESS,
        title="Password or key assigned in plain text",
        severity="high",
        caseless=True,
        pattern=rf"(?P<name>[A-Za-z0-9_.-]{{0,40}}{_WORDS}){_ASSIGNED}"
        rf"(?P<secret>{_VALUE}{{10,128}})(?![0-9A-Za-z+/(\[{{<$])",
        trigger=rf"{_WORDS}{_ASSIGNED}{_VALUE}{{10}}",
        before=128,
        after=160,
        check=_assigned,
        sample=lambda rng: f'db_password = "{draw(rng, BASE62, 9)}7{draw(rng, BASE62, 8)}"',
        negatives=(
            "password = os.environ.get('DB_PASSWORD')",
            "secret_key: ${SECRET_KEY}",
            "api_key = settings.API_KEY_V2.value",
            "access_token=none-of-your-business-2",
            "password: changeme123456",
            "passwordHash = 5f4dcc3b5aa765d61d8327deb882cf99",
            "client_secret: 123e4567-e89b-42d3-a456-426614174000",
            "secretKeyRef: my-secret-name-01",
        ),
    ),
)
