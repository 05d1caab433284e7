"""What stands in the place of a key where a version has no place in its ecosystem's order."""

from __future__ import annotations

import msgspec


class Unorderable(msgspec.Struct, frozen=True):
    """A version that cannot be compared: neither affected nor safe, but unknown.

    Args:
        reason: half a sentence that names the version, for people.
    """

    reason: str
