"""An image, opened: its config, and its layers as streams that check themselves."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from secure.errors import DocumentError
from secure.facts.image import ConfigFacts
from secure.facts.location import Layer
from secure.images.blob_file import BlobFile
from secure.images.config_facts import config_facts
from secure.images.decompress import PLAIN, compression_of
from secure.images.entry import Entry
from secure.images.verified import VerifiedLayer
from secure.oci.image_config import ImageConfig
from secure.oci.limits import DEFAULT_LIMITS, Limits


class LayerStream(Protocol):
    """One pass over a layer.

    Args:
        uncompressed_bytes: grows while it runs.
        beyond: bytes after the end of the archive that are no filling: no engine unpacks them.
    """

    uncompressed_bytes: int
    beyond: int

    def entries(self) -> Iterator[Entry]:
        """The entries, in the order of the layer."""


class LayerBlob:
    """One layer, base = index 0. Can be read any number of times, and in forked processes.

    Args:
        diff_id: of the uncompressed tar; "" for a plain directory.
        digest: of the blob as stored; "" where nothing promises one.
        size: bytes as stored; 0 for a plain directory.
        created_by: the history line that made it; "" where the config tells none.
        where: the subject of errors, e.g. 'layer 3 of "web.tar"'.
    """

    __slots__ = (
        "_blob", "created_by", "diff_id", "digest", "index", "media_type", "size", "where",
    )  # fmt: skip

    def __init__(self, index: int, where: str, blob: BlobFile | None = None) -> None:
        self.index, self.where, self._blob = index, where, blob
        self.diff_id = self.digest = self.media_type = self.created_by = ""
        self.size = blob.size if blob else 0

    def open(self, limits: Limits = DEFAULT_LIMITS) -> LayerStream:
        """A new pass over the layer."""
        return self._stream(limits)

    def verify(self, limits: Limits = DEFAULT_LIMITS) -> None:
        """Read the content for its digests alone.

        Raises:
            DigestMismatchError: it is not what was promised.
            ArchiveError, LimitExceededError: damaged or hostile.
        """
        for _ in self._stream(limits).chunks():
            pass

    def _stream(self, limits: Limits) -> VerifiedLayer:
        if self._blob is None:
            raise DocumentError(f"{self.where} has no content")
        return VerifiedLayer(
            self._blob, digest=self.digest, diff_id=self.diff_id, limits=limits, where=self.where
        )

    @property
    def descriptors(self) -> tuple[int, ...]:
        """Directories that a pass opens files below; none where the layer is one open file."""
        return ()

    def identity(self) -> tuple[int, ...]:
        """See `BlobFile.identity`; () where the content is not one stretch of one file."""
        return self._blob.identity() if self._blob else ()

    def compression(self) -> str:
        """How the blob is compressed, by its first bytes (see `secure.images.decompress`)."""
        return compression_of(self._blob.read_at(0, 6)) if self._blob else PLAIN

    def entries(self, limits: Limits = DEFAULT_LIMITS) -> Iterator[Entry]:
        """The entries of a new pass.

        Raises:
            DigestMismatchError: at the end, when the content is not what was promised; nothing
                that was yielded before may then be used.
            ArchiveError, LimitExceededError: damaged or hostile.
        """
        return self.open(limits).entries()

    def fact(self) -> Layer:
        """What reports say about this layer."""
        return Layer(self.index, self.diff_id, self.digest, self.size, self.created_by)


class Closing(Protocol):
    """Whatever holds the descriptors that the layers read from."""

    def close(self) -> None: ...


class Image:
    """An opened image, for a `with` block: closing it closes the files its layers read.

    Args:
        reference: as the user named it.
        digest: of the manifest, else of the config; "" for a plain directory.
        config_digest: the image id; "" for a plain directory.
        config_bytes: the config as it was read.
        repo_tags: names the archive itself claims; never proof of origin.
        annotations: of the manifest, and of the descriptor that leads to it.
        unverified: for people: what no digest vouches for.
    """

    __slots__ = (
        "_files", "annotations", "config", "config_bytes", "config_digest", "config_facts",
        "digest", "layers", "reference", "repo_tags", "unverified",
    )  # fmt: skip

    def __init__(self, reference: str, config: ImageConfig, files: Closing) -> None:
        self.reference, self.config, self._files = reference, config, files
        self.config_facts: ConfigFacts = config_facts(config)
        self.config_bytes = b""
        self.digest = self.config_digest = ""
        self.layers: tuple[LayerBlob, ...] = ()
        self.repo_tags: tuple[str, ...] = ()
        self.annotations: dict[str, str] = {}
        self.unverified: tuple[str, ...] = ()

    @property
    def history(self) -> tuple[str, ...]:
        """`created_by` of every history line, empty layers included."""
        return tuple(line.created_by or "" for line in self.config.history or ())

    def close(self) -> None:
        """Close the image's files; its layers cannot be read any more."""
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def layers_of(
    config: ImageConfig, blobs: tuple[BlobFile, ...], reference: str
) -> tuple[LayerBlob, ...]:
    """The layers of an image: stored blobs joined with what the config says about them.

    Raises:
        DocumentError: the config knows of more or fewer layers.
    """
    if len(config.diff_ids) != len(blobs):
        raise DocumentError(
            f'config and layers of "{reference}" disagree: {len(config.diff_ids)} diff-ids, '
            f"{len(blobs)} layers",
            do="The image was altered or badly written; build it again.",
        )
    made = []
    told = zip(blobs, config.diff_ids, config.created_by(), strict=True)
    for index, (blob, diff_id, created_by) in enumerate(told):
        layer = LayerBlob(index, f'layer {index} of "{reference}"', blob)
        layer.diff_id, layer.created_by = diff_id, created_by
        made.append(layer)
    return tuple(made)
