"""What one layer takes away from the layers below it.

The laws of `secure.images.squash`, asked one layer at a time: a scan knows few names that matter
and hundreds of thousands that do not, so only sets of the upper layer are made, and only if asked.
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
        self._implied: set[bytes] = set()
        self._opaques = frozenset(facts.opaques)

    def takes_away(self, name: bytes, *, directory: bool = False) -> bool:
        """Is what a lower layer has at `name` gone, or said anew by this layer?

        Args:
            directory: it is one; then what this layer has below it does not replace it.
        """
        if not self._ready:
            self._prepare()
        if name in self._whole or name in self._directories:
            return True
        if not directory and name in self._implied:
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
        # Unpacking makes the directories that names lie in, whether they have an entry or not.
        names = self._whole | self._directories
        for parent in {name.rpartition(b"/")[0] for name in names} | self._opaques:
            self._imply(parent)
        self._ready = True

    def _imply(self, directory: bytes) -> None:
        while directory and directory not in self._implied:
            self._implied.add(directory)
            directory = directory.rpartition(b"/")[0]
