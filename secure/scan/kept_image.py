"""The facts of an image whose very files were read before: nothing of its layers is read again.

Everything that goes into the facts is in the key. The documents of the image were verified when it
was opened; its layers are the files that were verified then (see `secure.scan.cache.stamp`).
"""

from __future__ import annotations

import msgspec

from secure.facts.image import ImageFacts
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.scan.cache import WITHOUT_SECRETS, Entries, stamp
from secure.scan.unsearched import image_without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.base_image import BaseImage
    from secure.images.image import Image


class KeptImage:
    """The place of one image's facts in the cache; make it before the image is read.

    Args:
        image: opened.
        base: the base image that the caller proved.
        now_ns: see `secure.scan.cache.stamp`.
        secrets: see `secure.scan.cache.LayerCache`.
    """

    def __init__(
        self,
        image: Image,
        base: BaseImage | None,
        cache_dir: str | None,
        *,
        now_ns: int,
        limits: Limits = DEFAULT_LIMITS,
        secrets: bool = True,
    ) -> None:
        self._entries = Entries(cache_dir, limits)
        stamps = [stamp(blob, now_ns) for blob in image.layers]
        told = (image.reference, image.digest, image.config_digest, image.repo_tags,
                image.annotations, base)  # fmt: skip
        self._searched = f"image {told} {stamps}" if stamps and all(stamps) else ""
        self._secrets = secrets

    def facts(self, now: str) -> ImageFacts | None:
        """What was found then, as of `now`; None where something may have changed."""
        facts = self._read(self._searched)
        if facts is not None and not facts.secrets_searched:
            facts = None
        if not self._secrets:
            facts = image_without_secrets(facts) if facts is not None else self._read(self._own)
        return None if facts is None else msgspec.structs.replace(facts, scanned_at=now)

    def keep(self, facts: ImageFacts) -> None:
        """Keep the facts of all layers; with one that was void there is nothing to come back to."""
        if facts.complete:
            self._entries.write(self._own, msgspec.msgpack.encode(facts))

    @property
    def _own(self) -> str:
        searched = self._searched
        return searched if self._secrets or not searched else searched + WITHOUT_SECRETS

    def _read(self, key: str) -> ImageFacts | None:
        packed = self._entries.read(key)
        if packed is None:
            return None
        try:
            return msgspec.msgpack.decode(packed, type=ImageFacts)
        except msgspec.MsgspecError:
            return None
