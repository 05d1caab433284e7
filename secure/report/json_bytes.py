"""JSON documents as bytes: what an image says of itself stays whole, and drives no terminal.

JSON readers give back the same text whether a character is written out or as \\uXXXX. People read
these files too, with `cat` and in reviews: C1 controls are obeyed by terminals, and characters
that change direction or show nothing make a line look like another (CVE-2021-42574).
"""

from __future__ import annotations

import re

import msgspec

# DEL and C1; soft hyphen; direction marks, isolates and overrides; line and paragraph separator;
# zero-width characters; annotations; tags. JSON escapes what is below U+0020 by itself.
_UNSEEN = re.compile(
    b"\x7f|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    b"|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80\x81][\x80-\xbf]"
)
_SEEN = bytes(range(0x7F))  # none of these is part of one of those


def indented(document: object, indent: int) -> bytes:
    """The document with `indent` spaces a level, ending in a newline."""
    return visible(msgspec.json.format(msgspec.json.encode(document), indent=indent)) + b"\n"


def visible(encoded: bytes) -> bytes:
    """The same JSON, its invisible and direction-changing characters as \\uXXXX."""
    if _UNSEEN.search(encoded.translate(None, _SEEN)) is None:
        return encoded  # nearly always, and four times as fast as looking at every byte
    # In JSON such characters stand inside strings, or it is none.
    return _UNSEEN.sub(_number, encoded)


def _number(found: re.Match[bytes]) -> bytes:
    units = found[0].decode().encode("utf-16-be")
    return b"".join(
        b"\\u%04x" % int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)
    )
