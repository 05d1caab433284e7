"""One question for every ecosystem: where in its order does this version stand?

A key is text whose code points compare as the versions do: `key(e, a) < key(e, b)` is the whole
comparison. It costs a few microseconds once a version, it can be kept in a set or a cache, and
SQLite's BINARY collation orders it the same way (UTF-8 keeps the order of code points).
"""

from __future__ import annotations

from functools import lru_cache

from secure.vulns.versions.ecosystems import family
from secure.vulns.versions.unorderable import Unorderable, too_long, unorderable

# The longest in public advisories has 59 characters; npm and PyPI refuse beyond a few hundred.
# It also bounds the cache: 1,000 characters each at worst.
MAX_CHARS = 1_000


def key(ecosystem: str, version: str) -> str | Unorderable:
    """The sort key of `version`.

    Args:
        ecosystem: OSV's name with or without its suffix: "Debian:12", "npm", "Rocky Linux:9".
        version: as the package database or the advisory has it.

    Returns:
        A key to compare with others of the same ecosystem, or why there is none: an ecosystem
        without an order, a version its ecosystem does not know, one beyond MAX_CHARS.
    """
    # Before the cache, which would keep what is refused.
    if len(version) > MAX_CHARS:
        return too_long(version, MAX_CHARS)
    if len(ecosystem) > MAX_CHARS:
        return too_long(ecosystem, MAX_CHARS)
    return _kept(ecosystem, version)


@lru_cache(16_384)
def _kept(ecosystem: str, version: str) -> str | Unorderable:
    ordered = family(ecosystem)
    if ordered is None:
        return unorderable(ecosystem, "orders its versions in no way that is known here")
    return ordered(version)
