"""The facts of images that were seen, for reports and for launches by name."""

from __future__ import annotations

import os

import msgspec

from secure.facts.image import ImageFacts
from secure.store.atomic import make_private_dir, write_file
from secure.store.paths import data_dir


def keep(facts: ImageFacts) -> None:
    """Keep the facts of an image that has a digest; complete ones are not lost to incomplete ones.

    A damaged archive claims the digest of the good one.
    """
    if not facts.digest or (not facts.complete and _is_complete(kept(facts.digest))):
        return
    path = _path(facts.digest)
    make_private_dir(os.path.dirname(path))
    write_file(path, msgspec.json.encode(facts))


def kept(digest: str) -> ImageFacts | None:
    """The facts of an image seen earlier; None where they are gone or damaged."""
    try:
        with open(_path(digest), "rb") as file:
            return msgspec.json.decode(file.read(), type=ImageFacts)
    except (OSError, msgspec.MsgspecError):
        return None


def _is_complete(facts: ImageFacts | None) -> bool:
    return facts is not None and facts.complete


def _path(digest: str) -> str:
    return f"{data_dir()}/images/facts/{digest.replace(':', '-').replace('/', '-')}.json"
