"""What stands in the place of a key where a version has no place in its ecosystem's order."""

from __future__ import annotations

import msgspec

from secure.facts.plain import plain

MAX_RANGE_CHARS = 4_000  # one range in an ecosystem's own words; public ones stay below 300
_SHOWN_CHARS = 60


class Unorderable(msgspec.Struct, frozen=True):
    """A version that cannot be compared: neither affected nor safe, but unknown.

    Args:
        reason: half a sentence that names the version, for people; one line, safe for a terminal.
    """

    reason: str


def too_long(text: str, most: int) -> Unorderable:
    """That `text` was not read for its size."""
    return unorderable(text, f"has {len(text)} characters, limit {most}")


def unorderable(version: str, why: str) -> Unorderable:
    """That `version` `why`: "is no semantic version"."""
    shown = version if len(version) <= _SHOWN_CHARS else f"{version[:_SHOWN_CHARS]}…"
    return Unorderable(f'"{plain(shown)}" {why}')
