"""Secrets in environment, labels and history: found by value, or by name and value together."""

from __future__ import annotations

from random import Random

import pytest
from scanning import engine

from secure.facts.secret import Secret, SecretPlace
from secure.scan.secrets.config import can_be_secret, config_secrets, promises_secret
from secure.scan.secrets.samples import HEX, URL64, draw

TOKEN = "glpat-" + draw(Random(1), URL64, 20)
PLAIN = "tr0ub4dor-and-3"


def found(
    env: tuple[str, ...] = (), labels: dict[str, str] | None = None, history: tuple[str, ...] = ()
) -> tuple[Secret, ...]:
    return config_secrets(engine(), env, labels or {}, history)


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASSWORD",
        "dbPassword",
        "MYSQL_ROOT_PASSWORD",
        "API_KEY",
        "apiKey",
        "AWS_SECRET_ACCESS_KEY",
        "NPM_TOKEN",
        "SECRET_KEY_BASE",
        "REDIS_PASS",
        "DB_PASSWORD_1",
        "CLIENT_SECRET",
    ],
)
def test_names_that_promise_a_secret(name: str) -> None:
    assert promises_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "PWD",
        "OLDPWD",
        "GPG_KEY",
        "PUBLIC_KEY",
        "PASSWORD_MIN_LENGTH",
        "TOKENIZERS_PARALLELISM",
        "SSH_AUTH_SOCK",
        "POSTGRES_PASSWORD_FILE",
        "KEYBOARD",
        "ACCESS_LOG",
        "libssl3",
        "SECRETARY",
        "COMPASS",
        "KEY",
        "PASSENGER_VERSION",
    ],
)
def test_names_that_promise_none(name: str) -> None:
    assert not promises_secret(name)


@pytest.mark.parametrize(
    "value",
    ["", "true", "/run/secrets/db", "${DB_PASSWORD}", "$X", "<token>", "changeme", "xxxxxxxx",
     "vault:secret/db", "https://auth.example.org/", "none", "1234567890", "3"],
)  # fmt: skip
def test_values_that_are_none(value: str) -> None:
    assert not can_be_secret(value)


@pytest.mark.parametrize("value", [PLAIN, "root", "hunter2x", "Zm9vYmFyYmF6"])
def test_values_that_can_be_one(value: str) -> None:
    assert can_be_secret(value)


def test_a_known_form_is_found_under_any_name() -> None:
    (secret,) = found(env=(f"COLOR={TOKEN}",))
    assert (secret.rule, secret.place, secret.key) == ("gitlab-token", SecretPlace.ENV, "COLOR")


def test_a_form_that_needs_its_vendors_word_gets_the_name() -> None:
    (secret,) = found(env=("MAILGUN_API_KEY=key-" + draw(Random(1), HEX, 32),))
    assert secret.rule == "mailgun-key"


def test_a_promising_name_with_a_literal_is_found() -> None:
    (secret,) = found(env=(f"DB_PASSWORD={PLAIN}",))
    assert (secret.rule, secret.severity) == ("named-secret", "high")


def test_the_environment_of_official_images_is_clean() -> None:
    env = (
        "PATH=/usr/local/bin:/usr/bin",
        "GPG_KEY=" + draw(Random(1), HEX, 40).upper(),
        "PYTHON_SHA256=" + draw(Random(2), HEX, 64),
        "PYTHON_VERSION=3.12.1",
        "NODE_VERSION=20.1.0",
        "JAVA_HOME=/usr/lib/jvm",
        "PGDATA=/var/lib/postgresql/data",
        "NGINX_VERSION=1.25.3",
        "PKG_RELEASE=1~bookworm",
    )
    assert found(env=env) == ()


def test_labels_are_searched() -> None:
    (secret,) = found(labels={"deploy.token": TOKEN})
    assert (secret.place, secret.key) == (SecretPlace.LABEL, "deploy.token")


@pytest.mark.parametrize(
    "line",
    [
        f"RUN |1 NPM_TOKEN={PLAIN} /bin/sh -c npm ci # buildkit",
        f"/bin/sh -c #(nop)  ARG DB_PASSWORD={PLAIN}",
        f"/bin/sh -c #(nop)  ENV DB_PASSWORD {PLAIN}",
        f"RUN /bin/sh -c export API_KEY='{PLAIN}' && make # buildkit",
        f"RUN /bin/sh -c deploy --token {PLAIN} # buildkit",
        f"RUN /bin/sh -c curl -u ci:{PLAIN} https://example.org/x # buildkit",
        f"RUN /bin/sh -c git clone https://oauth2:{TOKEN}@gitlab.com/a/b # buildkit",
        f"RUN /bin/sh -c pip install --index-url https://ci:{PLAIN}@pypi.internal/simple x",
    ],
)
def test_a_history_line_with_a_secret_is_found_once(line: str) -> None:
    (secret,) = found(history=("FROM scratch", line))
    assert (secret.place, secret.key) == (SecretPlace.HISTORY, "1")


@pytest.mark.parametrize(
    "line",
    [
        "RUN /bin/sh -c apk add --no-cache libssl3=3.1.0-r4 # buildkit",
        "RUN /bin/sh -c apt-get install -y openssl=3.0.11-1 passwd=1:4.13 # buildkit",
        "RUN |1 ACCESS_LOG=/dev/stdout /bin/sh -c make CC=gcc # buildkit",
        "RUN --mount=type=secret,id=npm_token /bin/sh -c npm ci # buildkit",
        'CMD ["--password-file" "/run/secrets/db"]',
        "ENV GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "RUN /bin/sh -c useradd --password ! app",
        "/bin/sh -c #(nop) ADD file:8d2f0e4f5b6c7a81 in / ",
    ],
)
def test_a_harmless_history_line_is_left(line: str) -> None:
    assert found(history=(line,)) == ()


def test_no_value_is_kept() -> None:
    (secret,) = found(env=(f"DB_PASSWORD={PLAIN}",))
    assert PLAIN not in repr(secret)
