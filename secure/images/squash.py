"""Which layer a path comes from in the end, and which layer took it away. On names, not on files.

Names are taken as they are written: a symbolic link that stands for a directory (bin -> usr/bin) is
not followed, just as no engine follows it while it lays layers over each other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator


class Squash:
    """Takes in layers from the base up, then answers about paths.

    The laws (image-spec 1.1, layer.md; kernel, overlayfs.rst), for a path P of layer i and j > i:
    P is gone by j if j whites out P or a directory above it; if a directory above it is opaque in
    j; if something that is no directory stands in j in the place of a directory above it; if j has
    P itself, of whatever kind, or has something below P while P is no directory.

    A layer at odds with itself (a file, and something below it) counts with both: for a scanner
    it is the careful reading, and unpacking refuses or replaces by the order of the entries.
    """

    def __init__(self) -> None:
        self.layers = 0
        # For each name the layers that have it, ascending: bisect finds the next one.
        self._taken: dict[bytes, list[int]] = {}
        self._directories: dict[bytes, list[int]] = {}
        self._implied: dict[bytes, list[int]] = {}
        self._whiteouts: dict[bytes, list[int]] = {}
        self._opaques: dict[bytes, list[int]] = {}

    def add_layer(
        self,
        taken: Iterable[bytes],
        directories: Iterable[bytes],
        whiteouts: Iterable[bytes] = (),
        opaques: Iterable[bytes] = (),
    ) -> int:
        """Put a layer on top; answers its index.

        Args:
            taken: names of everything that is no directory, whiteouts left out.
            directories: names of the directories that have an entry.
            whiteouts: deleted names. opaques: directories that are emptied; b"" is the root.
        """
        index = self.layers
        self.layers += 1
        implied: set[bytes] = set()
        tables = (
            (taken, self._taken), (directories, self._directories), (whiteouts, self._whiteouts),
            (opaques, self._opaques),
        )  # fmt: skip
        for names, table in tables:
            for name in names:
                _note(table, name, index)
                # Whiteouts imply the directories they lie in as well: unpacking makes them. What
                # says that a directory is opaque lies in that directory itself.
                directory = name if table is self._opaques else name.rpartition(b"/")[0]
                while directory and directory not in implied:
                    implied.add(directory)
                    directory = directory.rpartition(b"/")[0]
        for name in implied:
            _note(self._implied, name, index)
        return index

    def removed_by(self, name: bytes, layer: int) -> int | None:
        """The first layer above `layer` that takes away its `name`; None where it stays.

        A directory that a later layer has again keeps its content and changes its attributes: it
        counts as replaced itself, what is in it does not.
        """
        found = [self._replaced(name, layer), _after(self._whiteouts, name, layer)]
        for above in _above(name):
            found += (
                _after(self._whiteouts, above, layer),
                _after(self._taken, above, layer),
                _after(self._opaques, above, layer),
            )
        found.append(_after(self._opaques, b"", layer))
        return min((index for index in found if index is not None), default=None)

    def provider(self, name: bytes) -> int | None:
        """The layer whose entry is seen at `name` in the end; None if there is nothing."""
        layers = {*self._taken.get(name, ()), *self._directories.get(name, ())}
        last = max(layers, default=None)
        return last if last is not None and self.removed_by(name, last) is None else None

    def _replaced(self, name: bytes, layer: int) -> int | None:
        tables = [self._taken, self._directories]
        if _has(self._taken, name, layer):
            tables.append(self._implied)
        found = [_after(table, name, layer) for table in tables]
        return min((index for index in found if index is not None), default=None)


def _note(table: dict[bytes, list[int]], name: bytes, layer: int) -> None:
    layers = table.setdefault(name, [])
    if not layers or layers[-1] != layer:
        layers.append(layer)


def _has(table: dict[bytes, list[int]], name: bytes, layer: int) -> bool:
    layers = table.get(name, [])
    place = bisect_right(layers, layer)
    return place > 0 and layers[place - 1] == layer


def _after(table: dict[bytes, list[int]], name: bytes, layer: int) -> int | None:
    layers = table.get(name)
    if layers is None:
        return None
    place = bisect_right(layers, layer)
    return layers[place] if place < len(layers) else None


def _above(name: bytes) -> Iterator[bytes]:
    directory = name.rpartition(b"/")[0]
    while directory:
        yield directory
        directory = directory.rpartition(b"/")[0]
