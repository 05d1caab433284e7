"""The ranks of parts of versions, kept as they are met: there are few different parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Part = TypeVar("_Part", bound=str | bytes)

_MOST = 8_192


class Ranks(dict[_Part, str]):
    """What `rank` says of a part; asked for only once.

    A plain look-up costs a third of one in a bounded lru_cache, and keys are made of ten. It holds
    at most 8,192 parts, of at most 1,000 characters each, then begins anew.
    """

    def __init__(self, rank: Callable[[_Part], str]) -> None:
        super().__init__()
        self._rank = rank

    def __missing__(self, part: _Part) -> str:
        if len(self) >= _MOST:
            self.clear()
        told = self[part] = self._rank(part)
        return told
