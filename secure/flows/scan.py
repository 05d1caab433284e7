"""An image reference to its facts."""

from __future__ import annotations

from secure.flows.clock import now
from secure.images.source import open_image
from secure.scan.image import scan_image
from secure.store.paths import cache_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.image import ImageFacts


def scan(reference: str, platform: str = "") -> ImageFacts:
    """Read, verify and scan the image at `reference`.

    Raises:
        InputError: it cannot be read; what is inside and cannot be read is in the facts.
    """
    with open_image(reference, platform=platform or None) as image:
        return scan_image(image, cache_dir=cache_dir(), now=now())
