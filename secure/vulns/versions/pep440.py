"""Python's versions, read by the library `packaging`; what PEP 440 refuses comes before the rest.

Old releases on PyPI have such versions ("2013-09-11T19-27-10"), and old records speak of them:
they are ordered among themselves as setuptools did it before PEP 440.

Source: PEP 440, "Summary of permitted suffixes and relative ordering". The oracle is `packaging`.
"""

from __future__ import annotations

import re

from secure.vulns.versions.number import number
from secure.vulns.versions.unorderable import MAX_RANGE_CHARS, Unorderable, too_long, unorderable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from packaging.version import Version

_LEGACY, _VALID = "\x01", "\x02"
_END, _NOTHING_BELOW, _THIS, _NOTHING_ABOVE, _WORD, _NUMBER = map(chr, range(1, 7))
_STAGES = {"a": "0", "b": "1", "rc": "2"}
_legacy_parts = re.compile(r"[0-9]+|[a-z]+|\.|-|[^0-9a-z.-]+").findall
_LEGACY_WORDS = {"pre": "c", "preview": "c", "rc": "c", "dev": "@", "-": "final-"}


def key(version: str) -> str | Unorderable:
    """The sort key of a version of a Python distribution."""
    from packaging.version import InvalidVersion, Version  # 4 ms: few images need it

    try:
        found = Version(version)
    except InvalidVersion:
        if not version or not version.isascii() or not version.isprintable():
            return unorderable(version, "is no Python version")
        return _LEGACY + "\x01".join(_legacy(version.lower()))
    release = list(found.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    told = "".join(_number(part) for part in release)
    return f"{_VALID}{_number(found.epoch)}{told}{_END}{_suffixes(found)}"


def contains(text: str, version: str) -> bool | Unorderable:
    """Whether `version`, pre-releases too, lies in the specifiers `text`, or why they are none."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    if len(text) > MAX_RANGE_CHARS:
        return too_long(text, MAX_RANGE_CHARS)
    try:
        return SpecifierSet(text).contains(version, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return unorderable(text, "is no specifier of PEP 440, or the version is none")


def _suffixes(version: Version) -> str:
    """Pre-release, post-release, development release and local label, each with its absence."""
    pre, post, dev, local = version.pre, version.post, version.dev, version.local
    if pre:
        told = _THIS + _STAGES[pre[0]] + _number(pre[1])
    else:
        # 1.dev1 comes before 1a1, 1.post1.dev1 after it.
        told = _NOTHING_BELOW if post is None and dev is not None else _NOTHING_ABOVE
    told += _NOTHING_BELOW if post is None else _THIS + _number(post)
    told += _NOTHING_ABOVE if dev is None else _THIS + _number(dev)
    if local is None:
        return told + _NOTHING_BELOW
    return told + _THIS + "".join(map(_local, local.split("."))) + _END


def _local(part: str) -> str:
    return _NUMBER + number(part) if part.isdigit() else _WORD + part


def _number(value: int) -> str:
    return number(str(value))


def _legacy(version: str) -> list[str]:
    """Parts as setuptools 8 made them: numbers of eight places, words after a star."""
    told: list[str] = []
    for part in [*_legacy_parts(version), "final"]:
        word = _LEGACY_WORDS.get(part, part)
        if word == ".":
            continue
        if word[0].isdigit():
            told.append(word.zfill(8))
            continue
        if word < "final":  # a pre-release: hyphens and zeros before it mean nothing
            while told and told[-1] == "*final-":
                told.pop()
        while told and told[-1] == "00000000":
            told.pop()
        told.append(f"*{word}")
    return told
