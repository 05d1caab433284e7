"""Rules on secrets, wherever the image carries them: environment, labels, history, files.

A finding names the kind, the place and the masked value; the value itself is never a fact.
"""

from __future__ import annotations

import re
from itertools import pairwise

from secure.facts.location import Location
from secure.facts.secret import SecretPlace
from secure.facts.verdict import SEVERITIES
from secure.policy.rule import (
    IMAGE_CONFIG,
    IMAGE_CONTENT,
    LATER,
    ImageCase,
    Parameter,
    Rule,
    Violation,
    choice,
)
from secure.policy.rules.image_case import configured, image, secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.secret import Secret


def secrets_in(case: ImageCase, *places: SecretPlace) -> Iterator[Secret]:
    """The secrets of an image that were found in these places."""
    return (found for found in case.facts.secrets if found.place in places)


def _not_searched(case: ImageCase) -> Iterator[Violation]:
    """Facts made for an SBOM know of no secrets: that is not the same as there being none."""
    if not case.facts.secrets_searched:
        yield Violation(
            at="scan",
            found="secrets were not searched for",
            wanted="searched",
            fix="Scan the image with `secure scan` or `secure check`.",
            undecided=True,
        )


def _secret_violation(case: ImageCase, found: Secret, at: str, path: str = "") -> Violation:
    least = choice(case.parameters, "at_least")
    below = SEVERITIES.index(found.severity) > SEVERITIES.index(least)
    return Violation(
        at=at,
        found=f"{found.title} ({found.masked})",
        wanted="no secret",
        place=found.fingerprint,
        path=path,
        severity=found.severity,
        action="warn" if below else "",
    )


def has_no_secret_in_env(case: ImageCase) -> Iterator[Violation]:
    yield from _not_searched(case)
    for found in secrets_in(case, SecretPlace.ENV, SecretPlace.LABEL):
        field = "Env" if found.place == SecretPlace.ENV else "Labels"
        yield _secret_violation(case, found, f"config.{field} {found.key}")


_WORDS = {"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "CREDENTIALS"}
_KEY_OF = {"API", "ACCESS", "PRIVATE", "SECRET", "ENCRYPTION", "SIGNING"}
_ABOUT = {"FILE", "PATH", "DIR", "URL", "URI", "HOST", "TTL", "EXPIRY", "LENGTH", "NAME", "TYPE"}
_PLAIN = {"", "true", "false", "yes", "no", "on", "off", "none", "null", "0", "1"}


def promises_no_secret(case: ImageCase) -> Iterator[Violation]:
    by_value = {found.key for found in secrets_in(case, SecretPlace.ENV)}
    for variable in case.facts.config.env:
        name, _, held = variable.partition("=")
        if name in by_value or not _promises_secret(name):
            continue
        # "$X" and paths are where a secret will come from, not the secret.
        if held.lower() in _PLAIN or held.startswith(("$", "/")):
            continue
        yield Violation(
            at=f"config.Env {name}",
            found=f"a value of {len(held)} characters",
            wanted="no value in the image",
        )


def _promises_secret(name: str) -> bool:
    # Whole words only: "CC" is not in "ACCESS_KEY", and "TOKENIZER" is no token.
    words = re.split(r"[_.-]+", name.upper())
    if words[-1] in _ABOUT:
        return False
    pairs = pairwise(words)
    return bool(_WORDS.intersection(words)) or any(a in _KEY_OF and b == "KEY" for a, b in pairs)


def has_no_secret_in_history(case: ImageCase) -> Iterator[Violation]:
    yield from _not_searched(case)
    for found in secrets_in(case, SecretPlace.HISTORY):
        yield _secret_violation(case, found, f"history line {found.key}")


def _file_secrets(case: ImageCase, *, deleted: bool) -> Iterator[tuple[Secret, Location]]:
    for found in case.facts.secrets:
        where = found.location
        if where is not None and (where.deleted_by is not None) == deleted:
            yield found, where


def has_no_secret_file(case: ImageCase) -> Iterator[Violation]:
    yield from _not_searched(case)
    for found, where in _file_secrets(case, deleted=False):
        at = f"/{where.path}:{found.line} (layer {where.layer})"
        yield _secret_violation(case, found, at, "/" + where.path)


def has_no_deleted_secret(case: ImageCase) -> Iterator[Violation]:
    yield from _not_searched(case)
    for found, where in _file_secrets(case, deleted=True):
        at = f"/{where.path} (in layer {where.layer}, deleted by layer {where.deleted_by})"
        yield _secret_violation(case, found, at, "/" + where.path)


_AT_LEAST = Parameter(
    "at_least",
    "high",
    LATER,
    "the severity from which a secret counts; below it there is a warning",
    choices=("critical", "high", "medium", "low"),
)

IMG005 = Rule(
    id="IMG005",
    subject=IMAGE_CONFIG,
    severity="critical",
    title="No environment variable or label holds a secret",
    why="Whoever can pull the image can read its config.",
    fix="Revoke the secret, take it out of ENV or LABEL, and mount it at run time.",
    maps={
        "cis-docker-1.6.0": ("4.10",),
        "nist-800-190": ("4.1.4",),
        "dockle": ("CIS-DI-0010",),
        "hadolint": ("DL3064",),
        "trivy": ("DS-0031",),
    },
    check=has_no_secret_in_env,
    passes=image(),
    fails=image(secrets=(secret(SecretPlace.ENV, key="AWS_ACCESS_KEY_ID"),)),
    parameters=(_AT_LEAST,),
)
IMG006 = Rule(
    id="IMG006",
    subject=IMAGE_CONFIG,
    severity="high",
    title="No environment variable that promises a secret has a value",
    why="A default password in the image is everybody's password.",
    fix="Leave the variable out of the image and set it from a mounted file at run time.",
    maps={"cis-docker-1.6.0": ("4.10",), "nist-800-190": ("4.1.4",), "dockle": ("CIS-DI-0010",)},
    check=promises_no_secret,
    passes=configured(env=("TOKENIZER=fast", "DB_PASSWORD_FILE=/run/secrets/db")),
    fails=configured(env=("DB_PASSWORD=example",)),
)
IMG007 = Rule(
    id="IMG007",
    subject=IMAGE_CONFIG,
    severity="critical",
    title="The build history holds no secret",
    why="ARG values and RUN lines stay in the image's history for everyone to read.",
    fix="Revoke the secret and build with `RUN --mount=type=secret`.",
    maps={
        "cis-docker-1.6.0": ("4.10",),
        "nist-800-190": ("4.1.4",),
        "dockle": ("CIS-DI-0010",),
        "hadolint": ("DL3064",),
    },
    check=has_no_secret_in_history,
    passes=image(),
    fails=image(secrets=(secret(SecretPlace.HISTORY, key="3"),)),
    parameters=(_AT_LEAST,),
)
CON004 = Rule(
    id="CON004",
    subject=IMAGE_CONTENT,
    severity="critical",
    title="No file holds a secret",
    why="Whoever can pull the image has the secret.",
    fix="Revoke the secret, remove the file and mount it at run time.",
    maps={"cis-docker-1.6.0": ("4.10",), "nist-800-190": ("4.1.4",), "trivy": ("DS-0031",)},
    check=has_no_secret_file,
    passes=image(),
    fails=image(secrets=(secret(SecretPlace.FILE, location=Location("root/.aws/credentials", 0)),)),
    parameters=(_AT_LEAST,),
)
CON005 = Rule(
    id="CON005",
    subject=IMAGE_CONTENT,
    severity="critical",
    title="No deleted file holds a secret",
    why="A later layer hides a file; the layer that has it is still part of the image.",
    fix="Revoke the secret and rebuild without ever copying it: `RUN --mount=type=secret`.",
    maps={"cis-docker-1.6.0": ("4.10",), "nist-800-190": ("4.1.4",)},
    check=has_no_deleted_secret,
    passes=image(secrets=()),
    fails=image(secrets=(secret(SecretPlace.FILE, location=Location("root/id_rsa", 0, 1)),)),
    parameters=(_AT_LEAST,),
)

SECRET_RULES = (IMG005, IMG006, IMG007, CON004, CON005)
