"""What one layer takes away from the layers below it.

image-spec 1.1, layer.md: a whiteout removes its name and all below it, an opaque whiteout what lies
below its directory; an entry replaces what has its name, unless both are directories; whatever is
not a directory replaces a directory with all it holds.
"""

from __future__ import annotations

from secure.scan.layer_facts import LayerFacts


class Cover:
    """Answers whether a name of a lower layer survives this one. Sets are made when first asked."""

    def __init__(self, facts: LayerFacts) -> None:
        self._facts = facts
        self._ready = False
        self._whole: frozenset[bytes] = frozenset()
        self._directories: frozenset[bytes] = frozenset()
        self._opaques = frozenset(facts.opaques)

    def takes_away(self, name: bytes) -> bool:
        """Is the file or directory fact at `name` gone, or said anew by this layer?"""
        if not self._ready:
            self._prepare()
        if name in self._whole or name in self._directories:
            return True
        end = name.rfind(b"/")
        while end >= 0:
            above = name[:end]
            if above in self._whole or above in self._opaques:
                return True
            end = name.rfind(b"/", 0, end)
        return b"" in self._opaques

    def _prepare(self) -> None:
        taken = self._facts.taken.split(b"\0") if self._facts.taken else ()
        self._whole = frozenset(taken).union(self._facts.whiteouts)
        directories = self._facts.directories
        self._directories = frozenset(directories.split(b"\0") if directories else ())
        self._ready = True
