"""Values that PHP's serialize() wrote, as plain trees. No object is ever made.

Source: PHP internals, "Serialization format": N; b:1; i:1; d:1.5; s:LENGTH:"BYTES"; and
a:COUNT:{KEY VALUE …}.
"""

from __future__ import annotations

import re

from secure.errors import DocumentError
from secure.facts.location import text

_SCALAR = re.compile(rb"N;|[bi]:(-?\d{1,20});|d:([-+.\dEeINFA]{1,40});")
_STRING = re.compile(rb's:(\d{1,9}):"')
_ARRAY = re.compile(rb"a:(\d{1,9}):\{")
_MOST_DEPTH = 32


def php_tree(content: bytes) -> object:
    """The value: mappings, whose keys are text, texts, and None for all that is no text.

    Raises:
        DocumentError: no such value, cut off, an object, or nested too deep.
    """
    value, _ = _value(content, 0, 0)
    return value


def _value(content: bytes, at: int, depth: int) -> tuple[object, int]:
    if found := _SCALAR.match(content, at):
        number = found[1] or found[2]
        return (text(number) if number else None), found.end()
    if found := _STRING.match(content, at):
        end = found.end() + int(found[1])
        if content[end : end + 2] != b'";':
            raise DocumentError(f"is no value of PHP: a text does not end at byte {end}")
        return text(content[found.end() : end]), end + 2
    found = _ARRAY.match(content, at)
    if found is None or depth == _MOST_DEPTH:
        raise DocumentError(f"is no value of PHP: nothing that is read begins at byte {at}")
    tree: dict[str, object] = {}
    at = found.end()
    for _ in range(int(found[1])):
        key, at = _value(content, at, depth + 1)
        value, at = _value(content, at, depth + 1)
        tree[str(key)] = value
    if content[at : at + 1] != b"}":
        raise DocumentError(f"is no value of PHP: a list does not end at byte {at}")
    return tree, at + 1
