"""Composer's versions: 1.2.3-beta4, v2.0.0RC1, 1.x-dev, dev-main.

Numbers and words in turn, words by their first letters: dev, alpha, beta, RC come before the end,
a patch after everything; other words come before all. 1.0 comes before 1.0.0, as PHP and OSV have
it. `#`, which PHP takes for any number, has no key: 1.2.3 = 1.2.3.# = 1.2.3.1 contradicts itself.

Source: PHP, `version_compare`; composer/semver, `VersionParser::normalize`.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.parts import Ranks
from secure.vulns.versions.unorderable import Unorderable, unorderable

_OTHER, _DEV, _ALPHA, _BETA, _RC, _END, _PATCH = *map(chr, range(2, 8)), "\x7e"
# By first letters, as version_compare does: "b", "beta" and "bar" are one.
_WORDS = (("dev", _DEV), ("a", _ALPHA), ("b", _BETA), ("rc", _RC), ("p", _PATCH))
_form = re.compile(r"v?([0-9a-z][0-9a-z._/*-]*+)(?:\+\S*)?").fullmatch
_parts = re.compile(r"[0-9]+|[a-z]+").findall
_any_number = re.compile(r"\.[x*](?=[.-]|$)").sub


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Composer package."""
    found = _form(version.strip().lower()) if version.isascii() else None
    if found is None:
        return unorderable(version, "is no Composer version")
    text = _any_number(".9999999", found[1]).removesuffix("-stable")
    return "".join(map(_rank, _parts(text))) + _END


def _ranked(part: str) -> str:
    if part.isdigit():
        return number(part)
    return next((rank for word, rank in _WORDS if part.startswith(word)), _OTHER)


_rank = Ranks(_ranked).__getitem__
