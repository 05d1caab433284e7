"""One spelling for the names of packages, as databases and images write them differently.

Used on both sides: what is stored, and what is looked up.
"""

from __future__ import annotations

import re

_RUNS = re.compile(r"[-_.]+")
# Names that differ in case alone are one package (nuget.org, packagist.org, github.com).
_CASELESS = frozenset({"NuGet", "Packagist", "GitHub Actions", "Hex", "Pub"})


def usual(ecosystem: str, name: str) -> str:
    """`name` as every advisory and package of `ecosystem` is filed here.

    Source: PyPA, "Names and normalization" for PyPI.
    """
    family = ecosystem.partition(":")[0]
    if family == "PyPI":
        return _RUNS.sub("-", name).lower()
    if family in _CASELESS:
        return name.lower()
    if family == "SwiftURL":
        return name.removeprefix("https://").removesuffix(".git").lower()
    return name
