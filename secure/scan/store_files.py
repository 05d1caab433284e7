"""Files of a store that names them by their digests, kept for the links that name them again.

pnpm fills node_modules with hard links into its store, and a layer holds the content under
whichever name comes first: "root/.local/share/pnpm/store" before "usr/src/app". Only what may be a
package.json is kept.
"""

from __future__ import annotations

import re

from secure.oci.limits import KIB, MIB

_PLACE = re.compile(rb"/files/[0-9a-f]{2}/[0-9a-f]{30,126}$")
BRACE = b"{"  # what every package.json begins with that is kept
_LARGEST = 64 * KIB  # of 20,000 package.json one is larger
_MOST = 16 * MIB  # of one layer: 10,000 packages


class StoreFiles:
    """Offer every file; `get` what was kept."""

    def __init__(self) -> None:
        self._kept: dict[bytes, bytes] = {}
        self._size = 0

    def offer(self, name: bytes, content: bytes) -> None:
        if self._kept:
            self._kept.pop(name, None)  # a second entry of one name replaces the first
        if not content.startswith(BRACE) or len(content) > _LARGEST or not _PLACE.search(name):
            return
        if b'"name"' in content and self._size + len(content) <= _MOST:
            self._kept[name] = content
            self._size += len(content)

    def get(self, name: bytes) -> bytes | None:
        return self._kept.get(name)
