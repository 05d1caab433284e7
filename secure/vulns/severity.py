"""How bad: the vendor's word for its own package first, else the worst CVSS base score.

Vectors of CVSS 2, 3.0, 3.1 and 4.0 are scored by the library `cvss`; what it refuses is no score.

Sources: FIRST, CVSS v3.1 section 5, v4.0 section 6 (the words for ranges of scores).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from secure.facts.vulnerability import Score

UNKNOWN = "unknown"
RANK = {"critical": 5, "high": 4, "medium": 3, UNKNOWN: 2, "low": 1, "info": 0}

# Words of vendors: Red Hat and its rebuilds, Microsoft, Ubuntu, Debian, SUSE, Amazon, Oracle, Arch.
_WORDS = {
    "critical": "critical", "important": "high", "high": "high", "severe": "high",
    "moderate": "medium", "medium": "medium", "low": "low", "minor": "low",
    "negligible": "info", "unimportant": "info", "none": "info", "info": "info",
    "informational": "info",
}  # fmt: skip
_LONGEST = 500  # characters; the longest valid vector has under 300


def word(text: str) -> str:
    """A vendor's word as one of ours; "" where it is none ("not yet assigned", "end-of-life")."""
    return _WORDS.get(text.strip().strip("*").lower(), "")


@lru_cache(4_096)
def base_score(vector: str) -> float | None:
    """The base score of a CVSS vector of any version; None where it is no vector."""
    if len(vector) > _LONGEST or not vector.isascii():
        return None
    from cvss import CVSS2, CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    try:
        if vector.startswith("CVSS:4.0/"):
            return float(CVSS4(vector).base_score)
        if vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
            return float(CVSS3(vector).base_score)
        return float(CVSS2(vector.removeprefix("CVSS:2.0/").strip("()")).base_score)
    except (CVSSError, ValueError, ArithmeticError):
        return None


def word_of(score: float, kind: str) -> str:
    """The word for a base score: version 2 has no critical and no none."""
    if kind == "CVSS_V2":
        return "high" if score >= 7 else "medium" if score >= 4 else "low"
    if score >= 9:
        return "critical"
    if score >= 7:
        return "high"
    return "medium" if score >= 4 else "low" if score > 0 else "info"


def scores(given: Iterable[tuple[str, str, str]]) -> tuple[Score, ...]:
    """The CVSS vectors among (type, vector or word, feed), newest version and highest first."""
    found = {
        Score(kind, vector, value, by)
        for kind, vector, by in given
        if kind in _VERSION and (value := base_score(vector)) is not None
    }
    if not found:
        return ()
    return tuple(sorted(found, key=lambda s: (s.kind, s.value, s.by, s.vector), reverse=True))


def rated(vendor: Iterable[tuple[str, str]], found: tuple[Score, ...]) -> tuple[str, str]:
    """The severity and who says so.

    Args:
        vendor: (word, feed) of those that made the package, or of the advisories on it.
    """
    words = [(known, by) for text, by in vendor if (known := word(text))]
    if words:
        return max(words, key=lambda pair: RANK[pair[0]])
    if found:
        # The newest version that anyone used; of several the worst.
        best = found[0]
        return word_of(best.value, best.kind), f"{best.by}, {_VERSION[best.kind]} {best.value}"
    return UNKNOWN, ""


_VERSION = {"CVSS_V2": "CVSS 2", "CVSS_V3": "CVSS 3", "CVSS_V4": "CVSS 4"}
