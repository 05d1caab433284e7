"""Where the base image of an image ends.

What the caller proves counts: the base image itself, whose diff-ids are the first ones. Annotations
and labels only name a base; they do not say how many layers it has. Without proof there is one
guess with care: an image ends with CMD or ENTRYPOINT, and the line after it was made much later.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from secure.errors import UsageError
from secure.facts.base_image import BaseEvidence, BaseImage
from secure.oci.image_config import History

_NAME = "org.opencontainers.image.base.name"  # image-spec 1.1, annotations.md
_DIGEST = "org.opencontainers.image.base.digest"
# Docker's builder writes "/bin/sh -c #(nop)  CMD [...]", BuildKit "CMD [...]".
_ENDS_AN_IMAGE = re.compile(r"(?:/bin/sh -c #\(nop\)\s+)?(?:CMD|ENTRYPOINT)\b")
# The steps of one build follow each other within minutes. Cached steps may be older, but not older
# than what they build on, so a gap alone proves nothing: it has to follow the end of an image.
_GAP_S = 3_600


def base_of(
    history: Sequence[History], claims: Mapping[str, str], given: BaseImage | None = None
) -> BaseImage | None:
    """What is known of the base; None where nothing is.

    Args:
        claims: annotations of the image, or labels where it has none.
        given: the base that the caller proved, see `proved_base`.
    """
    name, digest = claims.get(_NAME, ""), claims.get(_DIGEST, "")
    if given is not None:
        return given
    layers = _guessed(history)
    if layers is not None:
        return BaseImage(layers, BaseEvidence.HISTORY, name, digest)
    return BaseImage(None, BaseEvidence.NONE, name, digest) if name or digest else None


def proved_base(
    diff_ids: Sequence[str], base_diff_ids: Sequence[str], name: str, digest: str
) -> BaseImage:
    """The base image that the caller named, if its layers are the first ones.

    Raises:
        UsageError: they are not.
    """
    for number, wanted in enumerate(base_diff_ids):
        if number >= len(diff_ids) or not wanted or diff_ids[number] != wanted:
            found = diff_ids[number] if number < len(diff_ids) else "nothing"
            raise UsageError(
                f'the image is not built on "{name}": layer {number} of that is '
                f"{wanted or 'a plain directory'}, here it is {found}",
                do="Name the base image in the version that was built on.",
            )
    if not base_diff_ids:
        raise UsageError(f'"{name}" has no layers', do="Name the image that was built on.")
    return BaseImage(len(base_diff_ids), BaseEvidence.GIVEN, name, digest)


def _guessed(history: Sequence[History]) -> int | None:
    """The layers up to the topmost CMD or ENTRYPOINT after which, but for more configuration of the
    same minutes, nothing came for long."""
    content_above = False
    end: int | None = None  # the topmost line below which only configuration follows without a gap
    for number in reversed(range(len(history) - 1)):
        line, following = history[number], history[number + 1]
        content_above = content_above or not following.empty_layer
        gap = _seconds_between(line.created or "", following.created or "")
        if gap is None or gap >= _GAP_S or not following.empty_layer:
            end = number if gap is not None and gap >= _GAP_S else None
        if (
            content_above
            and end is not None
            and line.empty_layer
            and _ENDS_AN_IMAGE.match(line.created_by or "")
        ):
            return sum(1 for one in history[: end + 1] if not one.empty_layer) or None
    return None


def _seconds_between(first: str, second: str) -> float | None:
    try:
        return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()
    except (ValueError, TypeError):
        return None  # no date, or one without a zone beside one with
