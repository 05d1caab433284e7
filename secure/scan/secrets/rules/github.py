"""GitHub. Source: GitHub's "Behind GitHub's new authentication token formats" (prefix, CRC32)."""

from __future__ import annotations

from binascii import crc32

from secure.scan.secrets.rule import random_token, token, value_of
from secure.scan.secrets.samples import BASE62, draw

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from random import Random

_DIGITS = BASE62  # 0-9 A-Z a-z, in this order


def checksum(random_part: bytes) -> bytes:
    """The last six characters of a token: CRC32 of the part before, in base 62."""
    number, digits = crc32(random_part), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits.encode()


def _checked(match: re.Match[bytes], severity: str) -> str:
    value = value_of(match)
    if checksum(value[4:-6]) != value[-6:]:
        return ""
    return random_token(match, severity)


def _sample(rng: Random) -> str:
    part = draw(rng, BASE62, 30)
    return f"gh{rng.choice('pousr')}_{part}{checksum(part.encode()).decode()}"


RULES = (
    token(
        "github-token",
        "GitHub token",
        r"gh[pousr]_[A-Za-z0-9]{36}",
        _sample,
        check=_checked,
        # Right form, wrong checksum: GitHub never issued it.
        negatives=("ghp_" + "Ab1Cd2Ef3" * 4, "ghp_" + "x" * 36),
    ),
    token(
        "github-fine-grained-token",
        "GitHub fine-grained personal access token",
        r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
        lambda rng: f"github_pat_{draw(rng, BASE62, 22)}_{draw(rng, BASE62, 59)}",
        negatives=("github_pat_" + "A" * 22 + "_" + "B" * 59,),
    ),
)
