"""Whiteouts: how a layer says that something below it is gone (image-spec 1.1, layer.md).

    dir/.wh.NAME        dir/NAME of lower layers is gone
    dir/.wh..wh..opq    everything that lower layers have in dir is gone
    dir/.wh..wh.*       aufs keeps its own books so named: no file of the image

They act on lower layers only, never on their own. Engines go by the name, whatever the kind.
"""

from __future__ import annotations

from secure.errors import ArchiveError
from secure.images.tar_header import quoted

PREFIX = b".wh."
OPAQUE_NAME = b".wh..wh..opq"
_META_PREFIX = b".wh..wh."

NONE, WHITEOUT, OPAQUE, META = range(4)


def classify(name: bytes) -> tuple[int, bytes]:
    """What an entry's name means, and the name that it acts on.

    Returns:
        `WHITEOUT` and the deleted name; `OPAQUE` and the directory ("" is the root); `META` and
        the name itself; `NONE` and the name itself.

    Raises:
        ArchiveError: it would delete nothing, its own directory or the one above.
    """
    # Most names have no such part at all; a directory above may be called so, too.
    if PREFIX not in name:
        return NONE, name
    parts = name.split(b"/")
    if any(part.startswith(_META_PREFIX) for part in parts[:-1]):
        return META, name
    last, directory = parts[-1], b"/".join(parts[:-1])
    if not last.startswith(PREFIX):
        return NONE, name
    if last == OPAQUE_NAME:
        return OPAQUE, directory
    if last.startswith(_META_PREFIX):
        return META, name
    gone = last[len(PREFIX) :]
    if gone in (b"", b".", b".."):
        raise ArchiveError(
            f"whiteout {quoted(name)} names no file",
            do="Do not use this image: it is made to delete what lies outside.",
        )
    return WHITEOUT, directory + b"/" + gone if directory else gone


def whiteout(name: bytes) -> bytes:
    """The name of the whiteout that deletes `name`."""
    directory, slash, last = name.rpartition(b"/")
    return directory + slash + PREFIX + last


def opaque(directory: bytes) -> bytes:
    """The name of the marker that empties `directory`."""
    return directory + b"/" + OPAQUE_NAME if directory else OPAQUE_NAME
