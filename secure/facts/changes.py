"""What the layers of an image did to its packages, and what only a lower layer still holds."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from secure.facts.package import Package


class ChangeKind(StrEnum):
    """What one layer did to one package.

    UPGRADED: another version took the place of the one before, be it newer or older.
    RE_ADDED: a lower layer had it, a layer in between removed it.
    """

    ADDED = "added"
    UPGRADED = "upgraded"
    REMOVED = "removed"
    RE_ADDED = "re-added"


class PackageChange(msgspec.Struct, frozen=True, gc=False):
    """One package that one layer changed.

    Args:
        layer: who did it.
        version: the version that came; of a removed package the one that went.
        before: of an upgraded package the version that went.
        path: the database or metadata file that tells it, in that layer or, of a removed package,
            in the one that brought it.
    """

    layer: int
    kind: ChangeKind
    type: str
    namespace: str
    name: str
    arch: str
    version: str
    path: str
    before: str = ""


class GonePackage(msgspec.Struct, frozen=True, gc=False):
    """A package, or a version of one, that the image no longer has and a layer still holds.

    Args:
        package: its location names the layer that brought it and the layer that removed it.
        wasted_bytes: what its files take in the layer that brought it, unpacked, although nobody
            can see them; 0 where no database says which files it owned.
    """

    package: Package
    wasted_bytes: int = 0
