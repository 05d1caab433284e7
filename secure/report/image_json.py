"""Image facts as JSON: our own form, every field, stable order."""

from __future__ import annotations

import msgspec

from secure.facts.image import ImageFacts
from secure.report.json_bytes import indented

SCHEMA = "https://secure-runtime.dev/schema/image-facts/1"


def image_json(facts: ImageFacts) -> bytes:
    """The document, ending in a newline; `schema` names its form."""
    document = {"schema": SCHEMA, **msgspec.to_builtins(facts)}
    return indented(document, 2)
