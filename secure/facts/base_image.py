"""The image that an image was built on."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class BaseEvidence(StrEnum):
    """Why a number of layers counts as the base image's.

    GIVEN: the caller named the base image, and its diff-ids are the first ones of this image.
    HISTORY: a guess: a line that ends an image, and the next one much later.
    NONE: the boundary is not known; an annotation or label names the base at most.
    """

    GIVEN = "given"
    HISTORY = "history"
    NONE = "none"


class BaseImage(msgspec.Struct, frozen=True):
    """What is known of the base.

    Args:
        layers: how many of the image's layers are the base's; None where that is not known.
        evidence: for `layers`.
        name, digest: as annotations or labels of the image claim
            (`org.opencontainers.image.base.*`), or of the image that the caller gave; "".
    """

    layers: int | None
    evidence: BaseEvidence
    name: str = ""
    digest: str = ""
