"""An image reference to its facts."""

from __future__ import annotations

import importlib
import time

import msgspec

from secure.errors import UsageError
from secure.flows.clock import now
from secure.images.source import open_image
from secure.scan.base_layers import proved_base
from secure.scan.kept_image import KeptImage
from secure.scan.packages import in_order
from secure.store.paths import cache_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.facts.base_image import BaseImage
    from secure.facts.image import ImageFacts
    from secure.images.image import Image

SQUASHED, ALL_LAYERS = "squashed", "all-layers"
SCOPES = (SQUASHED, ALL_LAYERS)


def scan(
    reference: str,
    platform: str = "",
    *,
    scope: str = SQUASHED,
    base_image: str = "",
    verify_files: bool = False,
    secrets: bool = True,
) -> ImageFacts:
    """Read, verify and scan the image at `reference`.

    Args:
        scope: `SQUASHED`, or `ALL_LAYERS` for packages too that only a lower layer still holds;
            the location of those names the layer that removed them.
        base_image: reference of the image that this one was built on; "" where not told.
        verify_files: hash the files that packages claim.
        secrets: look for secrets; the facts say whether that was done.

    Raises:
        InputError: it cannot be read; what is inside and cannot be read is in the facts.
        UsageError: `scope` is unknown, or the image is not built on `base_image`.
    """
    if scope not in SCOPES:
        raise UsageError(f'--scope "{scope}" is unknown', do=f"Use {' or '.join(SCOPES)}.")
    with open_image(reference, platform=platform or None) as image:
        base = _base(image, base_image, platform) if base_image else None
        facts = _facts(image, base, verify_files, secrets)
    return _all_layers(facts) if scope == ALL_LAYERS else facts


def _facts(image: Image, base: BaseImage | None, verify_files: bool, secrets: bool) -> ImageFacts:
    kept = KeptImage(image, base, cache_dir(), now_ns=time.time_ns(), secrets=secrets)
    if not verify_files and (facts := kept.facts(now())) is not None:
        return facts
    from secure.scan.image import scan_image  # 25 ms: the catalogers, hyperscan, the rules

    facts = scan_image(
        image,
        cache_dir=cache_dir(),
        now=now(),
        base=base,
        verify_files=verify_files,
        secrets=secrets,
        # Whoever wants no secrets wants packages alone, and compares nothing.
        meanwhile=_import_comparison if secrets else None,
    )
    if not verify_files:
        kept.keep(facts)
    return facts


def _import_comparison() -> None:
    """15 ms: what a scan and a check need next."""
    importlib.import_module("secure.flows.vulnerabilities")
    importlib.import_module("secure.vulns.match")


def _base(image: Image, reference: str, platform: str) -> BaseImage:
    with open_image(reference, platform=platform or None) as base:
        diff_ids = [blob.diff_id for blob in base.layers]
        return proved_base(
            [blob.diff_id for blob in image.layers], diff_ids, reference, base.digest
        )


def _all_layers(facts: ImageFacts) -> ImageFacts:
    gone = (one.package for one in facts.gone_packages)
    return msgspec.structs.replace(facts, packages=in_order([*facts.packages, *gone]))
