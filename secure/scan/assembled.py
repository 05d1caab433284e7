"""The facts of all layers and of the configuration, put together as those of the image."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

import secure
from secure.facts.base_image import BaseImage
from secure.facts.image import ImageFacts, Unreadable
from secure.facts.secret import Secret
from secure.oci.limits import Limits
from secure.scan.base_layers import base_of
from secure.scan.layer_facts import LayerFacts
from secure.scan.merge import Merge
from secure.scan.package_notes import noted
from secure.scan.verify_files import claimed_digests, verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.images.image import Image
    from secure.scan.secrets.engine import Engine


def assembled(  # noqa: PLR0913 - keywords, as `scan_image` takes them
    image: Image,
    layers: list[LayerFacts],
    engine: Engine | None,
    *,
    limits: Limits,
    now: str,
    base: BaseImage | None,
    verify_files: bool,
) -> ImageFacts:
    """The facts of `image`.

    Args:
        layers: base first; emptied, so that nothing is held twice.
        engine: None looks for no secrets.
        limits, now, base, verify_files: see `secure.scan.image.scan_image`.
    """
    entries = sum(facts.entries for facts in layers)
    uncompressed_bytes = sum(facts.uncompressed_bytes for facts in layers)
    searched = all(facts.secrets_searched or facts.voided for facts in layers)
    merge = Merge()
    layers.reverse()
    for index in range(len(layers)):
        merge.add(index, layers.pop())
    config = image.config_facts
    found_base = base_of(image.config.history or (), config.labels | image.annotations, base)
    base_layers = found_base.layers if found_base else None
    merged = merge.result(base_layers, digests=verify_files)
    claims = merged.claims
    not_verified: list[Unreadable] = []
    if verify_files and claims is not None:
        digests, not_verified = claimed_digests(image, merged.owners.claims, merged.shown, limits)
        claims = verified(claims, merged.owners.claims, merged.shown, merged.claiming, digests)
    return ImageFacts(
        reference=image.reference,
        digest=image.digest,
        config_digest=image.config_digest,
        config=config,
        layers=tuple(
            msgspec.structs.replace(blob.fact(), wasted_bytes=wasted)
            for blob, wasted in zip(image.layers, merged.wasted, strict=True)
        ),
        packages=noted(merged.packages, merged.executables, base_layers),
        files=merged.files,
        secrets=(*_config_secrets(image, engine), *merged.secrets),
        secrets_searched=engine is not None and searched,
        accounts=merged.accounts,
        groups=merged.groups,
        executables=merged.executables,
        os_release=merged.os_release,
        unreadable=(*merged.unreadable, *not_verified),
        complete=merged.complete,
        entries=entries,
        uncompressed_bytes=uncompressed_bytes,
        tool_version=secure.__version__,
        scanned_at=now,
        repo_tags=tuple(image.repo_tags),
        history=image.history,
        changes=merged.changes,
        gone_packages=merged.gone_packages,
        gone_files=merged.gone_files,
        claims=claims,
        base=found_base,
    )


def _config_secrets(image: Image, engine: Engine | None) -> Iterator[Secret]:
    if engine is None:
        return
    from secure.scan.secrets.config import config_secrets

    config = image.config_facts
    yield from config_secrets(engine, config.env, config.labels, image.history)
