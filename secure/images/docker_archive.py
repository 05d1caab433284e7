"""Docker archives, as `docker save` and `podman save` write them.

Three forms: since Docker 25 an OCI layout with a `manifest.json` beside it; before, `ID/layer.tar`
and a config file; and the same with layers that are links to each other.
"""

from __future__ import annotations

import re

from secure.errors import DigestMismatchError, DocumentError, NotFoundError, UsageError
from secure.images.image import Image, layers_of
from secure.images.oci_layout import is_oci_layout, read_oci_layout
from secure.images.tree import Ask, Tree, checked_names
from secure.oci.digest import Digest
from secure.oci.document import decode_document
from secure.oci.image_config import decode_image_config
from secure.oci.manifest import DOCKER_LAYER, ArchiveImage
from secure.oci.reference import Reference

MANIFEST = "manifest.json"
_HEX_NAME = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json)?")


def is_docker_archive(tree: Tree) -> bool:
    """`manifest.json` is there."""
    return tree.has(MANIFEST)


def read_docker_archive(tree: Tree, ask: Ask) -> Image:
    """Open the image that `ask` selects.

    Raises:
        UsageError: several images are there, and none was selected: they are listed.
        NotFoundError: nothing has the selected name, or a member is missing.
        InputError: a document is malformed; the two manifests of a modern archive disagree.
    """
    images = _images(tree, ask)
    if is_oci_layout(tree):
        image = read_oci_layout(tree, ask)
        _check_same(tree, image, images, ask)
        return image
    chosen = _select(images, ask)
    where = f'"{ask.reference}"'
    config_raw, digest = _config(tree, chosen, ask)
    config = decode_image_config(config_raw, f"config of {where}", ask.limits)
    names = checked_names(chosen.layers, f"{MANIFEST} of {where}")
    image = Image(ask.reference, config, tree)
    image.layers = layers_of(config, tuple(map(tree.blob, names)), ask.reference)
    for layer in image.layers:
        layer.media_type = DOCKER_LAYER
    image.config_bytes = config_raw
    image.digest = image.config_digest = digest
    image.repo_tags = chosen.repo_tags or ()
    image.unverified = ("a docker archive has no manifest digest: the config digest stands for it",)
    return image


def _images(tree: Tree, ask: Ask) -> tuple[ArchiveImage, ...]:
    limits = ask.limits
    raw = tree.document(MANIFEST, "manifest_bytes")
    where = f'{MANIFEST} of "{ask.reference}"'
    kind = tuple[ArchiveImage, ...]
    return decode_document(raw, kind, where, limit="manifest_bytes", limits=limits)


def _select(images: tuple[ArchiveImage, ...], ask: Ask) -> ArchiveImage:
    fitting = [one for one in images if not ask.selector or _is_called(one, ask.selector)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(sorted({tag for one in images for tag in one.repo_tags or ()}))[:1000]
    if not fitting:
        raise NotFoundError(
            f'"{ask.reference}" holds no image'
            + (f' called "{ask.selector}"' if ask.selector else ""),
            do=f"It holds: {names}." if names else "",
        )
    raise UsageError(
        f'"{ask.reference}" holds {len(fitting)} images',
        do=f"Choose one with PATH#NAME:TAG: {names or 'none of them has a name'}.",
    )


def _is_called(image: ArchiveImage, selector: str) -> bool:
    found = _HEX_NAME.fullmatch(image.config)
    if found and selector.removeprefix("sha256:") == found[1]:
        return True
    return any(tag == selector or _same(tag, selector) for tag in image.repo_tags or ())


def _same(tag: str, selector: str) -> bool:
    try:
        return str(Reference.parse(tag)) == str(Reference.parse(selector))
    except (UsageError, DocumentError):
        return False


def _config(tree: Tree, chosen: ArchiveImage, ask: Ask) -> tuple[bytes, str]:
    (name,) = checked_names((chosen.config,), f'{MANIFEST} of "{ask.reference}"')
    raw = tree.document(name, "config_bytes")
    digest = Digest.of(raw)
    # The name is the image id that `docker load` would show.
    found = _HEX_NAME.fullmatch(name)
    if found and found[1] != digest.hex:
        raise DigestMismatchError(
            f'config of "{ask.reference}": its name promises sha256:{found[1]}, {digest} read',
            do="The image is damaged or was altered; fetch it again.",
        )
    return raw, str(digest)


def _check_same(tree: Tree, image: Image, images: tuple[ArchiveImage, ...], ask: Ask) -> None:
    """`docker load` may read either manifest: both have to mean the same image."""
    for one in images:
        name = _HEX_NAME.fullmatch(one.config)
        if name is None or f"sha256:{name[1]}" != image.config_digest:
            continue
        config_raw, _ = _config(tree, one, ask)
        if config_raw == image.config_bytes and len(one.layers or ()) == len(image.layers):
            image.repo_tags = one.repo_tags or image.repo_tags
            return
    if ask.platform is not None and images:
        return  # manifest.json tells of one platform only
    raise DocumentError(
        f'"{ask.reference}": {MANIFEST} and index.json tell of different images',
        do="The archive was altered or badly written; save the image again.",
    )
