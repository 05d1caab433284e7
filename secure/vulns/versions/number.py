"""A number as text that sorts by value: the brick of which every key is built."""

from __future__ import annotations

# Marks of the families lie below the numbers, letters and signs of versions above them.
LEAST, MOST = "\x12", "\x1f"
_SHORT = 13


def number(digits: str) -> str:
    """`digits` so that code points compare as values do: the length first, then the digits.

    No int is made: its conversion is quadratic, and refuses beyond 4,300 digits.

    Args:
        digits: ASCII digits; leading zeros do not count, and none at all is 0.

    Returns:
        Text that begins with a character from LEAST to MOST, and is no prefix of another number.
    """
    digits = digits.lstrip("0")
    size = len(digits)
    if size < _SHORT:
        return chr(0x12 + size) + digits
    return MOST + chr(0x20 + size) + digits
