"""Descriptor, manifest, index (image-spec 1.1) and docker's archive manifest.

Unknown keys are ignored, as the specification asks; the digests cover the raw bytes, which the
readers keep. `null` is taken for "absent": several writers emit it.
"""

from __future__ import annotations

import msgspec

from secure.errors import DocumentError, LimitExceededError, UnsupportedError
from secure.oci.digest import DigestText
from secure.oci.document import decode_document
from secure.oci.limits import Limits
from secure.oci.platform import Platform

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEXES = frozenset({OCI_INDEX, DOCKER_INDEX})
CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})
LAYERS = frozenset(
    {OCI_LAYER, f"{OCI_LAYER}+gzip", f"{OCI_LAYER}+zstd", DOCKER_LAYER, f"{DOCKER_LAYER}.gzip"}
)
# buildkit marks provenance and SBOM manifests so that no platform ever selects them.
_ATTESTATION = "vnd.docker.reference.type"


class Descriptor(msgspec.Struct, frozen=True):
    """A pointer to content: media type, digest, size in bytes (descriptor.md)."""

    digest: DigestText
    size: int
    media_type: str = msgspec.field(default="", name="mediaType")
    platform: Platform | None = None
    annotations: dict[str, str] | None = None
    urls: tuple[str, ...] | None = None
    artifact_type: str | None = msgspec.field(default=None, name="artifactType")

    @property
    def is_attestation(self) -> bool:
        """It describes another manifest and is no image."""
        return _ATTESTATION in (self.annotations or {})


class Manifest(msgspec.Struct, frozen=True):
    """One image for one platform (manifest.md)."""

    schema_version: int = msgspec.field(name="schemaVersion")
    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str | None = msgspec.field(default=None, name="mediaType")
    artifact_type: str | None = msgspec.field(default=None, name="artifactType")
    annotations: dict[str, str] | None = None
    subject: Descriptor | None = None


class Index(msgspec.Struct, frozen=True):
    """Several manifests, usually one a platform (image-index.md)."""

    schema_version: int = msgspec.field(name="schemaVersion")
    manifests: tuple[Descriptor, ...]
    media_type: str | None = msgspec.field(default=None, name="mediaType")
    artifact_type: str | None = msgspec.field(default=None, name="artifactType")
    annotations: dict[str, str] | None = None


class ArchiveImage(msgspec.Struct, frozen=True):
    """One image in the `manifest.json` of a docker archive; paths are members of the archive."""

    config: str = msgspec.field(name="Config")
    layers: tuple[str, ...] | None = msgspec.field(default=None, name="Layers")
    repo_tags: tuple[str, ...] | None = msgspec.field(default=None, name="RepoTags")


class LayoutMarker(msgspec.Struct, frozen=True):
    """The file `oci-layout` (image-layout.md)."""

    version: str = msgspec.field(name="imageLayoutVersion")


class _Kind(msgspec.Struct, frozen=True):
    """Just enough of a document to tell a manifest from an index."""

    media_type: str | None = msgspec.field(default=None, name="mediaType")
    manifests: msgspec.Raw = msgspec.Raw()
    layers: msgspec.Raw = msgspec.Raw()


def decode_manifest(raw: bytes, where: str, limits: Limits) -> Manifest:
    """A manifest whose layers this version can read.

    Raises:
        DocumentError: malformed, or a size is negative.
        LimitExceededError: `manifest_bytes`, `json_depth` or `layers`.
        UnsupportedError: another schema version, an artifact, or layers of a kind that is not in
            the image itself (foreign, non-distributable) or that is not a tar.
    """
    made = decode_document(raw, Manifest, where, limit="manifest_bytes", limits=limits)
    _check_schema(made.schema_version, where)
    if made.media_type and made.media_type not in MANIFESTS:
        raise DocumentError(f'{where}: media type "{made.media_type[:120]}" is not a manifest')
    if len(made.layers) > limits.layers:
        raise LimitExceededError("layers", where, f"{limits.layers} layers")
    if made.config.media_type not in CONFIGS:
        raise UnsupportedError(
            f'{where}: not an image: its config is "{made.config.media_type[:120]}"'
        )
    for number, layer in enumerate(made.layers):
        check_layer(layer, f"{where}: layer {number}")
    _check_sizes((made.config, *made.layers), where)
    return made


def decode_index(raw: bytes, where: str, limits: Limits) -> Index:
    """An index.

    Raises:
        DocumentError, LimitExceededError, UnsupportedError: as for `decode_manifest`.
    """
    made = decode_document(raw, Index, where, limit="manifest_bytes", limits=limits)
    _check_schema(made.schema_version, where)
    if made.media_type and made.media_type not in INDEXES:
        raise DocumentError(f'{where}: media type "{made.media_type[:120]}" is not an index')
    _check_sizes(made.manifests, where)
    return made


def is_index(raw: bytes, media_type: str, where: str, limits: Limits) -> bool:
    """Whether a document is an index, and not a manifest.

    Raises:
        DocumentError: it could be taken for either (CVE-2021-41190), or is neither.
    """
    kind = decode_document(raw, _Kind, where, limit="manifest_bytes", limits=limits)
    has_manifests, has_layers = (
        bytes(part) not in (b"", b"null") for part in (kind.manifests, kind.layers)
    )
    if has_manifests == has_layers:
        both = "both an index and a manifest" if has_manifests else "neither index nor manifest"
        raise DocumentError(f"{where}: {both}")
    said = {said for said in (media_type, kind.media_type) if said}
    if said - (INDEXES if has_manifests else MANIFESTS):
        raise DocumentError(
            f"{where}: called {', '.join(sorted(said))[:200]} but is "
            + ("an index" if has_manifests else "a manifest")
        )
    return has_manifests


def check_layer(layer: Descriptor, what: str) -> None:
    """Refuse a layer whose content is not an image's own tar.

    Raises:
        UnsupportedError: foreign, non-distributable, encrypted or unknown media type.
    """
    kind = layer.media_type
    if kind in LAYERS:
        return
    if "foreign" in kind or "nondistributable" in kind:
        raise UnsupportedError(
            f'{what} is "{kind[:120]}": its content lies elsewhere and is not part of the image',
            do="Build the image without foreign layers.",
        )
    if kind.endswith("+encrypted"):
        raise UnsupportedError(f'{what} is "{kind[:120]}"', do="Decrypt the image first.")
    raise UnsupportedError(f'{what} has the media type "{kind[:120]}", which is not a layer')


def _check_schema(version: int, where: str) -> None:
    if version != 2:
        raise UnsupportedError(
            f"{where}: schema version {version}, expected 2", do="Push or save the image again."
        )


def _check_sizes(descriptors: tuple[Descriptor, ...], where: str) -> None:
    for one in descriptors:
        if one.size < 0:
            raise DocumentError(f"{where}: {one.digest} has the size {one.size}")
