"""Where in an image something was found."""

from __future__ import annotations

import msgspec


def text(raw: bytes) -> str:
    """Bytes of an image as text for facts and reports; what is not UTF-8 shows as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


class Layer(msgspec.Struct, frozen=True):
    """One layer of an image, in order from the base (index 0).

    Args:
        index: position, 0 is the base.
        diff_id: digest of the uncompressed layer, `sha256:…`; "" for a plain directory.
        digest: digest of the blob as stored; "" where there is none.
        size: bytes of the blob as stored.
        created_by: the history line that made it, "" if the config has none.
        wasted_bytes: what its files take, unpacked, that a later layer deleted or replaced.
    """

    index: int
    diff_id: str
    digest: str
    size: int
    created_by: str = ""
    wasted_bytes: int = 0


class Location(msgspec.Struct, frozen=True, order=True, gc=False):
    """A path inside one layer. Paths have no leading slash; see `text`."""

    path: str
    layer: int
    deleted_by: int | None = None  # the layer whose whiteout or replacement removed it
