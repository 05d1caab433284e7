"""Numbers between dots or hyphens, compared one by one; what ends earlier comes first.

CRAN, Bioconductor, Hackage and GHC: 1.0 comes before 1.0.0, and 0.9 before 0.75.

Source: R, `package_version`; Haskell, Data.Version.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.unorderable import Unorderable, unorderable

_form = re.compile(r"[0-9]+(?:[.-][0-9]+)*+").fullmatch
_numbers = re.compile(r"[0-9]+").findall


def key(version: str) -> str | Unorderable:
    """The sort key of a version of numbers alone."""
    if not _form(version):
        return unorderable(version, "is not made of numbers")
    return "".join(map(number, _numbers(version)))
