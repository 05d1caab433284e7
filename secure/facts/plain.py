"""Text of an image or a policy made safe for a terminal and for one line of a report."""

from __future__ import annotations


def plain(text: str) -> str:
    """Control characters, line breaks and invisible or direction-changing ones, escaped.

    An image names its files and labels as it likes: an escape sequence could recolour a verdict,
    a carriage return overwrite it, U+202E turn it round.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
