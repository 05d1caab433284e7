"""OCI image layouts, as a directory or a tar (image-spec 1.1, image-layout.md)."""

from __future__ import annotations

from secure.errors import DigestMismatchError, DocumentError, NotFoundError, UsageError
from secure.images.blob_file import BlobFile
from secure.images.image import Image, layers_of
from secure.images.tree import Ask, Tree
from secure.oci.digest import Digest, verify
from secure.oci.document import SizeLimit, decode_document
from secure.oci.image_config import decode_image_config
from secure.oci.manifest import (
    Descriptor,
    Index,
    LayoutMarker,
    decode_index,
    decode_manifest,
    is_index,
)
from secure.oci.platform import best_match
from secure.oci.reference import Reference

MARKER, INDEX = "oci-layout", "index.json"
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_MOST_NESTED = 4


def is_oci_layout(tree: Tree) -> bool:
    """The marker file and the index are there."""
    return tree.has(MARKER) and tree.has(INDEX)


def read_oci_layout(tree: Tree, ask: Ask) -> Image:
    """Open the image that `ask` selects.

    Raises:
        UsageError: several images are there, and none was selected: they are listed.
        NotFoundError: nothing fits the selector or the platform, or a blob is missing.
        InputError: a document is malformed, or a blob is not what its descriptor promises.
    """
    limits, where = ask.limits, f'"{ask.reference}"'
    raw = tree.document(MARKER, "manifest_bytes")
    marker = decode_document(
        raw, LayoutMarker, f"{MARKER} of {where}", limit="manifest_bytes", limits=limits
    )
    if marker.version.partition(".")[0] != "1":
        raise DocumentError(f"{where}: OCI layout version {marker.version[:40]!r}, expected 1.0.0")
    index = decode_index(tree.document(INDEX, "manifest_bytes"), f"{INDEX} of {where}", limits)
    chosen = _select(index, ask)
    manifest_raw, digest = _manifest(tree, chosen, ask, _MOST_NESTED)
    manifest = decode_manifest(manifest_raw, f"manifest {digest} of {where}", limits)
    config_raw = _document(tree, manifest.config, ask, "config_bytes")
    config = decode_image_config(config_raw, f"config of {where}", limits)
    blobs = tuple(_blob(tree, layer, ask) for layer in manifest.layers)
    image = Image(ask.reference, config, tree)
    image.layers = layers_of(config, blobs, ask.reference)
    for layer, descriptor in zip(image.layers, manifest.layers, strict=True):
        layer.digest, layer.media_type = descriptor.digest, descriptor.media_type
    image.config_bytes, image.config_digest = config_raw, manifest.config.digest
    image.digest = digest
    image.repo_tags = tuple(dict.fromkeys(_names(chosen)))
    image.annotations = {**(chosen.annotations or {}), **(manifest.annotations or {})}
    return image


def _select(index: Index, ask: Ask) -> Descriptor:
    offers = [one for one in index.manifests if not one.is_attestation]
    if ask.selector:
        fitting = [one for one in offers if _is_called(one, ask.selector)]
        if not fitting:
            raise NotFoundError(
                f'"{ask.reference}": nothing in it is called "{ask.selector}"', do=_listed(offers)
            )
        offers = fitting
    if len(offers) == 1:
        return offers[0]
    if not offers:
        raise NotFoundError(f'"{ask.reference}" holds no image')
    # Several builds of one image differ in the platform and in nothing else.
    if len({_names(one) for one in offers}) == 1 and all(one.platform for one in offers):
        return _for_platform(offers, ask)
    raise UsageError(f'"{ask.reference}" holds {len(offers)} images', do=_listed(offers))


def _manifest(tree: Tree, descriptor: Descriptor, ask: Ask, nested: int) -> tuple[bytes, str]:
    raw = _document(tree, descriptor, ask, "manifest_bytes")
    where = f'{descriptor.digest} of "{ask.reference}"'
    if not is_index(raw, descriptor.media_type, where, ask.limits):
        return raw, descriptor.digest
    if nested == 0:
        raise DocumentError(f"{where}: indexes in indexes, more than {_MOST_NESTED} deep")
    offers = [o for o in decode_index(raw, where, ask.limits).manifests if not o.is_attestation]
    chosen = offers[0] if len(offers) == 1 and ask.platform is None else _for_platform(offers, ask)
    return _manifest(tree, chosen, ask, nested - 1)


def _for_platform(offers: list[Descriptor], ask: Ask) -> Descriptor:
    wanted = ask.platform or ask.machine
    found = best_match(wanted, [one.platform for one in offers])
    if found is None:
        has = ", ".join(sorted({str(one.platform or "unknown") for one in offers}))
        raise NotFoundError(
            f'"{ask.reference}" is not there for the platform {wanted}',
            do=f"Choose one with --platform: {has[:400]}.",
        )
    return offers[found]


def _is_called(descriptor: Descriptor, selector: str) -> bool:
    if descriptor.digest == selector:
        return True
    return any(
        name == selector or _same_reference(name, selector) or _tag(name) == selector
        for name in _names(descriptor)
    )


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    notes = descriptor.annotations or {}
    return tuple(dict.fromkeys(notes[key] for key in _NAMES if notes.get(key)))


def _same_reference(one: str, other: str) -> bool:
    try:
        return str(Reference.parse(one)) == str(Reference.parse(other))
    except (UsageError, DocumentError):
        return False


def _tag(name: str) -> str:
    try:
        return Reference.parse(name).tag
    except (UsageError, DocumentError):
        return ""


def _listed(offers: list[Descriptor]) -> str:
    shown = [
        f"{' '.join(_names(one)) or 'unnamed'} ({one.platform or 'no platform'}) {one.digest}"
        for one in offers[:20]
    ]
    return "Choose with PATH:TAG or PATH@DIGEST: " + "; ".join(shown) + "."


def _document(tree: Tree, descriptor: Descriptor, ask: Ask, limit: SizeLimit) -> bytes:
    path = _path(descriptor)
    raw = tree.document(path, limit)
    verify(raw, descriptor.digest, f'"{path}" of "{ask.reference}"')
    _check_size(descriptor, len(raw), ask)
    return raw


def _blob(tree: Tree, descriptor: Descriptor, ask: Ask) -> BlobFile:
    blob = tree.blob(_path(descriptor))
    _check_size(descriptor, blob.size, ask)
    return blob


def _path(descriptor: Descriptor) -> str:
    digest = Digest.parse(descriptor.digest)
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _check_size(descriptor: Descriptor, size: int, ask: Ask) -> None:
    if descriptor.size != size:
        raise DigestMismatchError(
            f'{descriptor.digest} of "{ask.reference}" has {size} bytes, its descriptor promises '
            f"{descriptor.size}",
            do="The image is damaged or was altered; fetch it again.",
        )
