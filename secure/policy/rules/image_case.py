"""The image that the examples of image rules vary: everything in order."""

from __future__ import annotations

import msgspec

from secure.facts.files import FileFact, FileTag, OsRelease
from secure.facts.image import ConfigFacts, ImageFacts
from secure.facts.location import Layer, Location
from secure.facts.package import Package
from secure.facts.secret import Secret, SecretPlace
from secure.policy.rule import ImageCase
from secure.policy.settings import Trusted

DIGEST = "sha256:" + "1" * 64
BASE = "sha256:" + "2" * 64
TRUSTED = Trusted(digests=(DIGEST,))
NOW = "2026-01-02T00:00:00Z"

FACTS = ImageFacts(
    reference="app.tar",
    digest=DIGEST,
    config_digest="sha256:" + "3" * 64,
    config=ConfigFacts(user="10001:10001", entrypoint=("/app",), os="linux", architecture="amd64"),
    layers=(Layer(index=0, diff_id=BASE, digest=BASE, size=1),),
    packages=(
        Package(
            type="deb",
            name="tzdata",
            version="2025a",
            location=Location("var/lib/dpkg/status", 0),
            found_by="dpkg",
        ),
    ),
    files=(),
    secrets=(),
    accounts=(),
    os_release=OsRelease(id="debian", version_id="12"),
    unreadable=(),
    complete=True,
    entries=1,
    uncompressed_bytes=1,
    tool_version="0",
    scanned_at="2026-01-01T00:00:00Z",
    repo_tags=("registry.example/app:1.2",),
    vulnerability_data="2026-01-01T00:00:00Z",
    secrets_searched=True,
)


def image(*, trusted: tuple[Trusted, ...] = (TRUSTED,), **changes: object) -> ImageCase:
    """A case whose facts differ from those in order by some fields."""
    return ImageCase(
        facts=msgspec.structs.replace(FACTS, **changes), parameters={}, trusted=trusted, now=NOW
    )


def configured(**changes: object) -> ImageCase:
    """A case whose image config differs by some fields."""
    return image(config=msgspec.structs.replace(FACTS.config, **changes))


def file(path: str, *tags: FileTag, mode: int = 0o755, detail: str = "") -> FileFact:
    """A fact about one file of the base layer."""
    return FileFact(
        location=Location(path, 0), tags=tags, mode=mode, uid=0, gid=0, size=1, detail=detail
    )


def secret(place: SecretPlace, *, key: str = "", location: Location | None = None) -> Secret:
    """A secret, as the scanner reports it: never with its value."""
    return Secret(
        rule="aws-access-key",
        title="AWS access key",
        severity="critical",
        place=place,
        masked="AK" + "*" * 16 + "ZZ",
        fingerprint="f" * 32,
        key=key,
        location=location,
    )
