"""A secret that an image carries."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from secure.facts.location import Location


class SecretPlace(StrEnum):
    FILE = "file"
    ENV = "env"
    LABEL = "label"
    HISTORY = "history"


class Secret(msgspec.Struct, frozen=True, gc=False):
    """One detected secret. The value itself is never kept, logged or printed.

    Args:
        rule: id of the secret rule.
        title: what it is, for people.
        severity: "critical", "high", "medium" or "low".
        place: which part of the image.
        location: for files: path, layer and the layer that deleted it.
        key: for env and labels: the name; for history: the index of the history line.
        line: 1-based line in the file, 0 elsewhere.
        masked: at most the first and last 2 characters, the rest starred.
        fingerprint: sha256 of rule and value, hex, 32 characters: stable, for waivers.
    """

    rule: str
    title: str
    severity: str
    place: SecretPlace
    masked: str
    fingerprint: str
    location: Location | None = None
    key: str = ""
    line: int = 0
