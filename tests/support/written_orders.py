"""Pairwise comparisons as the specifications word them, for ecosystems whose tools are not here.

Written from the text, step by step and without keys, so that a key and the text can disagree.
"""

from __future__ import annotations

import re
from itertools import zip_longest


def _sign(left: float | str, right: float | str) -> int:
    return (left > right) - (left < right)  # type: ignore[operator]  # both are of one type


def gem(left: str, right: str) -> int:
    """Gem::Version#<=>: segment by segment, a missing one is 0, a text is less than a number."""
    for a, b in zip_longest(_canonical(left), _canonical(right), fillvalue=0):
        if a == b:
            continue
        if isinstance(a, str) != isinstance(b, str):
            return -1 if isinstance(a, str) else 1
        return _sign(a, b)
    return 0


def _canonical(version: str) -> list[int | str]:
    words = re.findall(r"[0-9]+|[a-z]+", version.replace("-", ".pre."), re.IGNORECASE)
    segments: list[int | str] = [int(word) if word.isdigit() else word for word in words]
    start = next((n for n, one in enumerate(segments) if isinstance(one, str)), len(segments))
    parts = segments[:start], segments[start:]
    for part in parts:
        while part and part[-1] == 0:
            part.pop()
    return [*parts[0], *parts[1]]


_FORMS = ("dev", "alpha", "beta", "rc", "#", "pl")
_SPELLINGS = (("dev", "dev"), ("alpha", "alpha"), ("a", "alpha"), ("beta", "beta"), ("b", "beta"),
              ("rc", "rc"), ("#", "#"), ("pl", "pl"), ("p", "pl"))  # fmt: skip


def php(left: str, right: str) -> int:
    """version_compare of PHP's manual: parts in turn, words by what they begin with."""
    a, b = (re.findall(r"[0-9]+|[a-z]+", version) for version in (left, right))
    for one, other in zip(a, b, strict=False):
        if found := _php_part(one, other):
            return found
    if len(a) == len(b):
        return 0
    rest = a[len(b)] if len(a) > len(b) else b[len(a)]
    longer_wins = 1 if rest.isdigit() else _php_part(rest, "#")
    return longer_wins if len(a) > len(b) else -longer_wins


def _php_part(one: str, other: str) -> int:
    if one.isdigit() and other.isdigit():
        return _sign(int(one), int(other))
    ranks = (_php_rank("#" if part.isdigit() else part) for part in (one, other))
    return _sign(*ranks)


def _php_rank(word: str) -> int:
    form = next((form for spelling, form in _SPELLINGS if word.startswith(spelling)), "")
    return _FORMS.index(form) if form else -1


_PMS = re.compile(r"([0-9.]+)([a-z]?)((?:_[a-z]+[0-9]*)*)(?:-r([0-9]+))?")
_PMS_SUFFIXES = ("alpha", "beta", "pre", "rc", "", "p")


def portage(left: str, right: str) -> int:
    """Package Manager Specification 8, algorithms 3.1 to 3.7."""
    a, b = _PMS.fullmatch(left), _PMS.fullmatch(right)
    assert a is not None
    assert b is not None
    numbers = _pms_numbers(a[1].split("."), b[1].split("."))
    suffixes = _pms_suffixes(a[3], b[3])
    return numbers or _sign(a[2], b[2]) or suffixes or _sign(int(a[4] or 0), int(b[4] or 0))


def _pms_numbers(a: list[str], b: list[str]) -> int:
    if found := _sign(int(a[0]), int(b[0])):
        return found
    for one, other in zip(a[1:], b[1:], strict=False):
        if one[0] == "0" or other[0] == "0":
            found = _sign(one.rstrip("0"), other.rstrip("0"))
        else:
            found = _sign(int(one), int(other))
        if found:
            return found
    return _sign(len(a), len(b))


def _pms_suffixes(a: str, b: str) -> int:
    listed = (re.findall(r"_([a-z]+)([0-9]*)", text) for text in (a, b))
    for one, other in zip_longest(*listed, fillvalue=("", "")):
        found = _sign(_PMS_SUFFIXES.index(one[0]), _PMS_SUFFIXES.index(other[0]))
        if found := found or _sign(int(one[1] or 0), int(other[1] or 0)):
            return found
    return 0
