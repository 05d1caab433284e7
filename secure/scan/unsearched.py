"""Facts as they are where nobody looked for secrets: an SBOM is the same, whatever was kept."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.image import ImageFacts, Unreadable
from secure.scan.layer_facts import LayerFacts


def layer_without_secrets(facts: LayerFacts) -> LayerFacts:
    """The facts of a layer as a pass without a search makes them."""
    return msgspec.structs.replace(
        facts, secrets=(), secrets_searched=False, unreadable=_of_the_rest(facts.unreadable)
    )


def image_without_secrets(facts: ImageFacts) -> ImageFacts:
    """The same of a whole image."""
    return msgspec.structs.replace(
        facts, secrets=(), secrets_searched=False, unreadable=_of_the_rest(facts.unreadable)
    )


def _of_the_rest(unreadable: Iterable[Unreadable]) -> tuple[Unreadable, ...]:
    return tuple(item for item in unreadable if not item.secrets)
