"""Secrets in the image config: environment, labels and history lines.

Two questions are asked of each place. Is there a value with a known form (the rules)? And does a
name promise a secret while its value can be one? Names are compared word by word: "ACCESS_KEY"
holds no "CC", `libssl3=3.1` is a package version, `GPG_KEY` a public fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.secret import Secret, SecretPlace
from secure.scan.secrets.engine import Engine, Flooded, Found, fingerprint, masked
from secure.scan.secrets.entropy import is_filler

NAMED_RULE = "named-secret"
_TITLE = "Secret under a name that promises one"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ALONE = frozenset({
    "password", "passwd", "passphrase", "pass", "pwd", "secret", "secrets", "token", "apikey",
    "credential", "credentials", "accesskey", "secretkey", "authtoken", "accesstoken",
})  # fmt: skip
_BEFORE_KEY = frozenset({
    "api", "access", "secret", "private", "auth", "encryption", "signing", "master",
    "account", "storage", "license", "deploy", "application", "app", "service",
})  # fmt: skip
# After the promising word these only number it or say how it is written.
_AFTER = frozenset({
    "value", "string", "base", "base64", "b64", "plain", "text", "default", "prod", "dev",
    "test",
})  # fmt: skip
_NOT_A_VALUE = re.compile(
    r"(?:true|false|yes|no|on|off|none|null|nil|enabled?|disabled?|required|optional|auto|file|"
    # the last two: versions, as in `apt-get install passwd=1:4.13`
    r"stdin|prompt|env|\d{1,3}|(?:\d+:)?\d+(?:\.\d+)+[\w.+~-]*|\d+:\d\S*)$",
    re.IGNORECASE,
)
_ASSIGNMENT = re.compile(
    r"(?:^|[\s;&|(\"'])([A-Za-z_][A-Za-z0-9_]{1,80})=(\"[^\"]*\"|'[^']*'|[^\s;&|]*)"
)
_INSTRUCTION = re.compile(r"(?:^|#\(nop\)\s+)(?:ENV|ARG|LABEL)\s+([A-Za-z_][\w.-]{1,80})\s+(\S+)")
_FLAG = re.compile(
    r"\s--?((?:[a-z]+-)*(?:password|passwd|token|secret|api-?key))(?:=|\s+)(\"[^\"]*\"|'[^']*'|[^\s;&|-][^\s;&|]*)"
)
_CURL_LOGIN = re.compile(
    r"\b(?:curl|wget)\b[^;&|]{0,400}?\s(?:-u|--user)[=\s]+[\"']?([^\s:\"']{1,80}):([^\s\"']{3,200})"
)
_LEAST = 4  # shorter values are switches more often than passwords


def config_secrets(
    engine: Engine, env: tuple[str, ...], labels: dict[str, str], history: tuple[str, ...]
) -> tuple[Secret, ...]:
    """Every secret of the three places, in this order; values are masked."""
    found: list[Secret] = []
    for line in env:
        name, _, value = line.partition("=")
        found += _in_pair(engine, SecretPlace.ENV, name, value)
    for name, value in sorted(labels.items()):
        found += _in_pair(engine, SecretPlace.LABEL, name, value)
    for index, line in enumerate(history):
        found += _in_history(engine, str(index), line)
    return tuple(found)


def promises_secret(name: str) -> bool:
    """Does the last word of `name` announce a secret: DB_PASSWORD, apiKey, AUTH_TOKEN?"""
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and (words[-1].isdecimal() or words[-1] in _AFTER):
        words.pop()
    if not words or name.upper() in ("PWD", "OLDPWD"):
        return False
    if words[-1] in _ALONE:
        return "public" not in words
    return words[-1] == "key" and len(words) > 1 and words[-2] in _BEFORE_KEY


def can_be_secret(value: str) -> bool:
    """Is `value` a literal: not empty, no reference, path, switch, filler or address?"""
    bare = value.strip().strip("\"'")
    if len(bare) < _LEAST or _NOT_A_VALUE.match(bare):
        return False
    if bare[0] in "$/<{%@" or bare.startswith(("./", "~/", "file:", "vault:", "op://", "arn:")):
        return False
    # An address with a login is found by its form; one without holds no secret.
    return "://" not in bare and not _is_placeholder(bare)


def _is_placeholder(value: str) -> bool:
    raw = value.encode("utf-8", "replace")
    # A dictionary word is a weak secret, but one: only fillers are let go.
    return is_filler(raw) and raw.lower() not in (
        b"password",
        b"admin",
        b"root",
        b"secret",
        b"guest",
    )


def _in_pair(engine: Engine, place: SecretPlace, name: str, value: str) -> Iterator[Secret]:
    # The name goes along: several rules ask for a vendor's word before the value.
    found = list(_by_form(engine, f"{name}={value}"))
    if found:
        yield from (_made(item, place, name) for item in found)
    elif promises_secret(name) and can_be_secret(value):
        yield _named(place, name, value)


def _in_history(engine: Engine, index: str, line: str) -> Iterator[Secret]:
    found = list(_by_form(engine, line))
    yield from (_made(item, SecretPlace.HISTORY, index) for item in found)
    known = {item.masked for item in found}
    for name, value in _pairs(line):
        bare = value.strip("\"'")
        if promises_secret(name) and can_be_secret(bare):
            secret = _named(SecretPlace.HISTORY, index, bare)
            if secret.masked not in known:
                known.add(secret.masked)
                yield secret


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """NAME=VALUE words, ENV and ARG instructions of the old form, flags, and curl logins."""
    for pattern in (_ASSIGNMENT, _INSTRUCTION):
        for match in pattern.finditer(line):
            yield match[1], match[2]
    for match in _FLAG.finditer(line):
        yield match[1].replace("-", "_"), match[2]
    for match in _CURL_LOGIN.finditer(line):
        yield "password", match[2]


def _by_form(engine: Engine, line: str) -> Iterator[Found]:
    for item in engine.search([line.encode("utf-8", "surrogateescape")]):
        # A flood needs more hits than a config can be long: the named test still runs.
        if not isinstance(item, Flooded):
            yield item[1]


def _made(item: Found, place: SecretPlace, key: str) -> Secret:
    return Secret(
        rule=item.rule.id,
        title=item.rule.title,
        severity=item.severity,
        place=place,
        masked=item.masked,
        fingerprint=item.fingerprint,
        key=key,
    )


def _named(place: SecretPlace, key: str, value: str) -> Secret:
    raw = value.encode("utf-8", "surrogateescape")
    return Secret(
        rule=NAMED_RULE,
        title=_TITLE,
        severity="high",
        place=place,
        masked=masked(raw),
        fingerprint=fingerprint(NAMED_RULE, raw),
        key=key,
    )
