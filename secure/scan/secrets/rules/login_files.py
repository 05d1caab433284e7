"""Files that hold logins: docker config, .netrc, .pgpass, .htpasswd, kubeconfig, Kubernetes."""

from __future__ import annotations

import base64
import binascii

from secure.scan.secrets.entropy import is_filler
from secure.scan.secrets.rule import SecretRule, random_token, value_of
from secure.scan.secrets.samples import BASE62, BASE64, draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from random import Random


def _decoded(value: bytes) -> bytes:
    """Base64 content, or nothing."""
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return b""


def _login(match: re.Match[bytes], severity: str) -> str:
    """Base64 of user:password, both printable, and no filler for a password."""
    user, colon, password = _decoded(value_of(match)).partition(b":")
    if not (user and colon and password) or not (user + password).isascii():
        return ""
    printable = all(32 < byte < 127 for byte in user + password)
    return severity if printable and not is_filler(password) else ""


def _no_filler(match: re.Match[bytes], severity: str) -> str:
    value = value_of(match)
    return "" if is_filler(value) or value.startswith(b"$") else severity


def _written_out(match: re.Match[bytes], severity: str) -> str:
    """In files of other names the form is mostly documentation: a plain word is no password."""
    value = value_of(match)
    if value.isalpha() or value[:1] in b"\"'{[(<%*" or b"\\" in value:
        return ""
    return _no_filler(match, severity)


def _holds_key(match: re.Match[bytes], severity: str) -> str:
    key = _decoded(value_of(match))
    return severity if b"PRIVATE KEY-----" in key[:64] else ""


def _docker_sample(rng: Random) -> str:
    login = base64.b64encode(f"builder:{draw(rng, BASE62, 16)}".encode()).decode()
    return '{"auths": {"registry.example.org": {"auth": "' + login + '"}}}'


def _kubeconfig_sample(rng: Random) -> str:
    key = f"-----BEGIN EC PRIVATE KEY-----\n{draw(rng, BASE64, 64)}\n-----END EC PRIVATE KEY-----"
    return "    client-key-data: " + base64.b64encode(key.encode()).decode()


RULES = (
    SecretRule(
        id="docker-registry-login",
        title="Registry login (docker or podman auth)",
        severity="critical",
        pattern=r"\"auth\"\s{0,4}:\s{0,4}\"(?P<secret>[0-9A-Za-z+/]{8,2000}={0,2})\"",
        trigger=r"\"auth\"\s{0,4}:\s{0,4}\"[0-9A-Za-z+/]{8}",
        after=2_048,
        check=_login,
        sample=_docker_sample,
        negatives=('{"auth": "required"}', '{"auth": "' + "A" * 24 + '"}'),
    ),
    SecretRule(
        id="kubeconfig-client-key",
        title="Kubernetes client key (kubeconfig)",
        severity="critical",
        pattern=r"client-key-data[\"']?\s{0,4}:\s{0,4}[\"']?(?P<secret>[0-9A-Za-z+/]{60,8000}={0,2})",
        trigger=r"client-key-data[\"']?\s{0,4}:\s{0,4}[\"']?[0-9A-Za-z+/]{60}",
        after=8_192,
        check=_holds_key,
        sample=_kubeconfig_sample,
        negatives=("client-key-data: REDACTED", "client-key-data: " + "QUJD" * 20),
    ),
    SecretRule(
        id="netrc-file",
        title="Login in .netrc",
        severity="critical",
        pattern=r"password\s{1,16}(?P<secret>[^\s]{1,255})",
        names=(b".netrc", b"_netrc", b".authinfo"),
        check=_no_filler,
        sample=lambda rng: f"default login ci password {draw(rng, BASE62, 14)}4\n",
        negatives=("machine HOST login USER password <password>",),
    ),
    SecretRule(
        id="netrc-login",
        title="Login in the form of .netrc",
        severity="critical",
        pattern=r"(?:machine\s+[^\s]{1,255}|default)\s+login\s+[^\s]{1,255}\s+password\s+"
        r"(?P<secret>[^\s]{3,255})",
        trigger=r"login[ \t\n]{1,8}[^\s]{1,255}[ \t\n]{1,8}password[ \t\n]{1,8}[^\s]{3}",
        before=640,
        check=_written_out,
        sample=lambda rng: (
            f"machine git.example.org\n  login ci\n  password {draw(rng, BASE62, 14)}4\n"
        ),
        negatives=("machine HOST login USER password <password>",),
    ),
    SecretRule(
        id="pgpass-login",
        title="PostgreSQL login (.pgpass)",
        severity="critical",
        # libpq: hostname:port:database:username:password; "\:" is a colon.
        pattern=r"(?m)^[^#:\n][^:\n]{0,255}:(?:\d{1,5}|\*):[^:\n]{1,63}:[^:\n]{1,63}:"
        r"(?P<secret>[^\n]{1,255})",
        names=(b".pgpass", b"pgpass.conf"),
        check=_no_filler,
        sample=lambda rng: f"db.internal:5432:app:app:{draw(rng, BASE62, 14)}\n",
        negatives=("#hostname:port:database:username:password\n",),
    ),
    SecretRule(
        id="htpasswd-hash",
        title="Password hash (.htpasswd)",
        severity="medium",
        pattern=r"(?m)^[^:#\s]{1,128}:(?P<secret>\$(?:apr1|2[aby]|5|6)\$[^\s:]{20,120})",
        names=(b".htpasswd", b"htpasswd"),
        check=random_token,
        sample=lambda rng: f"admin:$apr1${draw(rng, BASE62, 8)}${draw(rng, BASE62, 22)}\n",
        negatives=("# user:hash\n",),
    ),
)
