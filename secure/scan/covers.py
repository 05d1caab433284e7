"""What one layer takes away from the layers below it.

The laws of `secure.images.squash`, asked in two directions. `StandingNames` goes from the base up:
a scan knows something about few names, and each layer costs what it holds itself and what it takes
away, however much stands below. `UpperLayers` goes from the top down, for questions about every
name: the names of the largest layer, which is usually the base, are then never held together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from secure.scan.layer_facts import LayerFacts
from secure.scan.names import blocks


class StandingNames:
    """Names of the layers so far, to be found again by what a layer takes away."""

    def __init__(self) -> None:
        self._is_directory: dict[bytes, bool] = {}
        self._below: dict[bytes, set[bytes]] = {}  # a directory -> what leads to a name of ours

    def add(self, name: bytes, *, directory: bool = False) -> None:
        """Remember `name`.

        Args:
            directory: it is one; then what a layer has below it does not replace it.
        """
        if name in self._is_directory:
            self._is_directory[name] = directory
            return
        self._is_directory[name] = directory
        while name:
            above = name.rpartition(b"/")[0]
            siblings = self._below.get(above)
            if siblings is not None:
                siblings.add(name)
                return
            self._below[above] = {name}
            name = above

    def take_away(self, layer: LayerFacts) -> list[bytes]:
        """The names that are gone, or said anew, by `layer`: removed from here, and answered."""
        gone: list[bytes] = []
        if not self._is_directory:
            return gone
        for name in layer.opaques:
            self._drop_below(name, gone)
        known, below = self._is_directory, self._below
        for names in (*blocks(layer.taken), layer.whiteouts):
            for name in [name for name in names if name in known or name in below]:
                self._drop_below(name, gone)
                self._drop(name, gone)
        for names in blocks(layer.directories):
            for name in [name for name in names if name in known]:
                self._drop(name, gone)
        for names in blocks(layer.folders):
            for name in [name for name in names if known.get(name) is False]:
                self._drop(name, gone)
        return gone

    def _drop(self, name: bytes, gone: list[bytes]) -> None:
        if self._is_directory.pop(name, None) is None:
            return
        gone.append(name)
        self._unlink(name)

    def _unlink(self, name: bytes) -> None:
        if name and name not in self._below:
            self._below[name.rpartition(b"/")[0]].discard(name)

    def _drop_below(self, directory: bytes, gone: list[bytes]) -> None:
        if directory not in self._below:
            return
        waiting = [directory]
        while waiting:
            for name in self._below.pop(waiting.pop(), ()):
                if self._is_directory.pop(name, None) is not None:
                    gone.append(name)
                if name in self._below:
                    waiting.append(name)
        if directory not in self._is_directory:
            self._unlink(directory)


class UpperLayers:
    """All layers above the one in question, added from the top down.

    Args:
        layers: all, base first. Of a layer only names are kept that lie where a lower one has
            something: the others hide nothing.
    """

    def __init__(self, layers: Sequence[LayerFacts]) -> None:
        self._layers = layers
        self._lowest: dict[bytes, int] = {b"": -1}  # directory -> the lowest layer that has it
        for index, layer in enumerate(layers[:-1]):  # none is above the last
            for folders in blocks(layer.folders):
                for folder in folders:
                    self._lowest.setdefault(folder, index)
        self._taken: set[bytes] = set()
        self._directories: set[bytes] = set()
        self._opaques: set[bytes] = set()
        self._emptying = False  # a directory of the next layer below
        self._hides: dict[bytes, bool] = {}  # answers for directories

    def add(self, index: int) -> None:
        """The layer below those already here, number `index`."""
        layer = self._layers[index]
        for names in (*blocks(layer.taken), layer.whiteouts):
            self._keep(index, names, self._taken)
        for names in (*blocks(layer.directories), *blocks(layer.folders)):
            self._keep(index, names, self._directories)
        self._opaques.update(layer.opaques)
        self._hides.clear()
        self._emptying = index > 0 and self._empties_any(self._layers[index - 1])

    def _keep(self, index: int, names: Iterable[bytes], kept: set[bytes]) -> None:
        last, keep = None, False
        for name in names:
            directory = name.rpartition(b"/")[0]
            # The entries of a directory follow each other.
            if directory != last:
                last, keep = directory, self._lowest.get(directory, index) < index
            if keep:
                kept.add(name)

    def hidden(self, names: Sequence[bytes]) -> set[bytes]:
        """Those of `names` that are hidden: files of the layer below these, no directories."""
        found = self._taken.intersection(names)
        found |= self._directories.intersection(names)
        if self._emptying:
            found.update(name for name in names if self._is_emptied(name.rpartition(b"/")[0]))
        return found

    def _empties_any(self, layer: LayerFacts) -> bool:
        """Whether its names have to be asked for their directories: few layers take one away."""
        return b"" in self._opaques or any(
            not self._taken.isdisjoint(folders) or not self._opaques.isdisjoint(folders)
            for folders in blocks(layer.folders)
        )

    def hides_directory(self, name: bytes) -> bool:
        """Is the directory `name` of a layer below gone? One that is said anew is not."""
        return self._is_emptied(name)

    def _is_emptied(self, directory: bytes) -> bool:
        asked: list[bytes] = []
        # A loop, since a name may have more parts than Python has stack.
        while (gone := self._hides.get(directory)) is None:
            asked.append(directory)
            gone = directory in self._taken or directory in self._opaques
            if gone or not directory:
                break
            directory = directory.rpartition(b"/")[0]
        self._hides.update(dict.fromkeys(asked, gone))
        return gone


def folders(layer: LayerFacts) -> bytes:
    """`LayerFacts.folders` of the rest of them; in their worker, where that is side by side."""
    lie_in = set(layer.opaques)
    for names in (*blocks(layer.taken), *blocks(layer.directories), layer.whiteouts):
        lie_in.update(name.rpartition(b"/")[0] for name in names)
    found: set[bytes] = set()
    for start in lie_in:
        name = start
        while name and name not in found:
            found.add(name)
            name = name.rpartition(b"/")[0]
    return b"\0".join(sorted(found))
