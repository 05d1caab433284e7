"""One read of a layer feeds the blob digest, the diff-id and the tar walk together."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress

from secure.errors import ArchiveError, DigestMismatchError
from secure.images.background import Background, ahead
from secure.images.blob_file import BlobFile, BlobReader
from secure.images.byte_queue import ByteQueue, drained
from secure.images.decompress import decompressed
from secure.images.entry import Entry
from secure.images.tar_walk import TarWalk
from secure.oci.digest import Verifier
from secure.oci.limits import Limits

_WAITING = 8  # pieces of 256 KiB on each side of the walk


class VerifiedLayer:
    """The checked stream of one layer. Single use.

    Args:
        digest: of the blob as stored; "" where nothing promises one.
        diff_id: of the uncompressed tar; "" where nothing promises one.
        where: the subject of errors, e.g. 'layer 3 of "web.tar"'.
    """

    def __init__(
        self, blob: BlobFile, *, digest: str, diff_id: str, limits: Limits, where: str
    ) -> None:
        self._reader = BlobReader(blob)
        self._blob_check = Verifier(digest, where) if digest else None
        self._diff_check = Verifier(diff_id, where, "diff-id") if diff_id else None
        self._limits, self._where = limits, where
        self.uncompressed_bytes = self.beyond = 0

    def chunks(self) -> Generator[bytes, None, None]:
        """The uncompressed tar; whoever exhausts it has seen the content that was promised.

        Raises:
            DigestMismatchError: after the last piece, when it was something else.
            ArchiveError, LimitExceededError: as `decompressed` raises them.
        """
        hashing = Background(self._hash, _WAITING)
        try:
            made = decompressed(self._read, self._limits, self._where)
            for piece in ahead(made, _WAITING):
                if self._diff_check:
                    hashing.give(piece)
                self.uncompressed_bytes += len(piece)
                yield piece
            self._finish_blob()
            hashing.finish()
        finally:
            hashing.stop()
        if self._diff_check:
            self._diff_check.check()

    def entries(self) -> Iterator[Entry]:
        """The entries; a digest mismatch is raised when all of them have been taken.

        Raises:
            DigestMismatchError: the content is not what was promised: nothing that was yielded
                can be trusted.
            ArchiveError, LimitExceededError: the content is damaged or hostile.
        """
        chunks = self.chunks()
        queue = ByteQueue(lambda: next(chunks, b""))
        try:
            yield from TarWalk(queue, self._limits, self._where)
            # What follows the end of the tar is no entry, but it is part of the layer.
            self.beyond = drained(queue)
        except DigestMismatchError:
            raise
        except ArchiveError:
            # Damage on the way is told as such, not as the odd tar it happens to make. Reading on
            # ends with the digests; where the decoder gave up, only the blob's own is left.
            with suppress(ArchiveError):
                drained(queue)
            # Closed first: until then another thread may be reading the blob.
            chunks.close()
            self._finish_blob()
            raise

    def _hash(self, piece: bytes) -> None:
        if self._diff_check is not None:
            self._diff_check.update(piece)

    def _read(self, count: int) -> bytes:
        piece = self._reader.read(count)
        if self._blob_check is not None:
            self._blob_check.update(piece)
        return piece

    def _finish_blob(self) -> None:
        if self._blob_check is not None:
            while self._read(1 << 20):
                pass
            self._blob_check.check()
