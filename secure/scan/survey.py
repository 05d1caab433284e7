"""Every file of every layer, from the top down: shown or hidden, claimed or not, and what it costs.

Names only: nothing is read again. The cost is one look at each name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from secure.scan.changes import GoneRecord
from secure.scan.covers import UpperLayers
from secure.scan.layer_facts import LayerFacts
from secure.scan.names import blocks
from secure.scan.owners import Claim, Owners

# dpkg's own maintainer scripts are executable, and no list of a package names them.
_OF_THE_DATABASE = b"var/lib/dpkg/info/"


class Survey:
    """What came of it.

    Args:
        layers: base first.
        owners: what packages claim.
        gone: packages that are no longer there.

    Attributes:
        wasted: for each layer the bytes of its files that the image does not show.
        gone_bytes: for each of `gone` what its hidden files take in the layer that brought it.
        shown: the claimed names that are there, and the layer each comes from.
        unowned: regular files with an execute bit that are there and that nobody claims.
    """

    def __init__(
        self, layers: Sequence[LayerFacts], owners: Owners, gone: Sequence[GoneRecord]
    ) -> None:
        self.wasted = [0] * len(layers)
        self.gone_bytes = [0] * len(gone)
        self.shown: dict[bytes, int] = {}
        self.unowned: list[bytes] = []
        self._claims: Mapping[bytes, Claim] = owners.claims
        self._gone = _names_by_layer(gone, owners)
        self._upper = UpperLayers(layers)
        for index in reversed(range(len(layers))):
            self._look_at(index, layers[index])
            if index:
                self._upper.add(index)
        del self._upper
        self.unowned.sort()

    def _look_at(self, index: int, layer: LayerFacts) -> None:
        top = index == len(self.wasted) - 1
        if top and not self._claims:
            return  # all is shown, and nobody asks whose it is
        shared = self._shared(layer)
        for names, words in _entries(layer):
            hidden = set[bytes]() if top else self._upper.hidden(names)
            if hidden:
                self._waste(
                    index,
                    ((n, w) for n, w in zip(names, words, strict=True) if n in hidden),
                    shared,
                )
            if self._claims:
                self._compare(index, names, words, hidden)
        for names in blocks(layer.directories) if self._claims else ():
            for name in self._claims.keys() & names:
                if not self._upper.hides_directory(name):
                    self.shown.setdefault(name, index)

    def _shared(self, layer: LayerFacts) -> set[bytes]:
        """Names whose content another name of it still shows: hiding them wastes nothing."""
        hidden = self._upper.hidden(list(layer.hardlinks))
        return {target for name, target in layer.hardlinks.items() if name not in hidden}

    def _waste(self, index: int, hidden: Iterable[tuple[bytes, int]], shared: set[bytes]) -> None:
        gone_here = self._gone.get(index, {})
        for name, word in hidden:
            size = 0 if name in shared else word >> 1
            self.wasted[index] += size
            if name in gone_here:
                self.gone_bytes[gone_here[name]] += size

    def _compare(
        self, index: int, names: list[bytes], words: Sequence[int], hidden: set[bytes]
    ) -> None:
        claims, shown = self._claims, self.shown
        for name in names:
            if name in claims and name not in hidden:
                shown.setdefault(name, index)
        self.unowned += [
            name
            for name, word in zip(names, words, strict=True)
            if word & 1
            and name not in claims
            and name not in hidden
            and not name.startswith(_OF_THE_DATABASE)
        ]


def _entries(layer: LayerFacts) -> Iterator[tuple[list[bytes], Sequence[int]]]:
    """Names, and for each its word in `LayerFacts.sizes`."""
    words = array("Q", layer.sizes)
    start = 0
    for names in blocks(layer.taken):
        end = start + len(names)
        yield names, words[start:end]
        start = end


def _names_by_layer(gone: Sequence[GoneRecord], owners: Owners) -> dict[int, dict[bytes, int]]:
    found: dict[int, dict[bytes, int]] = {}
    for number, one in enumerate(gone):
        names = found.setdefault(one.package.location.layer, {})
        names.update((owners.real(name), number) for name in one.files.listed())
    return found
