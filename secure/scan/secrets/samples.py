"""Alphabets and a draw, for the made-up secrets that tests generate while running."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from random import Random

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = UPPER.lower()
DIGITS = "0123456789"
BASE62 = DIGITS + UPPER + LOWER
HEX = DIGITS + "abcdef"
URL64 = BASE62 + "-_"
BASE64 = BASE62 + "+/"
BASE32 = UPPER + "234567"
LOWER36 = DIGITS + LOWER


def draw(rng: Random, alphabet: str, count: int) -> str:
    """`count` characters of `alphabet`. The first is a letter, where there is one, so that a word
    edge is a word edge."""
    letters = [character for character in alphabet if character.isalnum()]
    return "".join([rng.choice(letters), *rng.choices(alphabet, k=count - 2), rng.choice(letters)])
