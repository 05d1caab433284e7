"""The type of a secret rule, and the checks that most rules share."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from secure.scan.secrets.entropy import is_filler, shannon

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from random import Random


class SecretRule(msgspec.Struct, frozen=True, kw_only=True):
    """One form of secret, declared.

    Args:
        id: stable: fingerprints and waivers hang on it.
        severity: "critical", "high", "medium" or "low".
        pattern: read by `re` around each hit, and by hyperscan where `trigger` is empty: no
            look-around, no back-reference. The group "secret" is the value; else the whole match.
        trigger: what hyperscan looks for, where that has to be shorter or simpler than `pattern`.
        caseless: letters match in both cases.
        before, after: how many bytes around the end of a hit a whole match may reach.
        binaries: also searched in files that are no text; for forms that chance cannot make.
        names: only in files with one of these last name components, and there without hyperscan.
        check: the severity of a match, or "" if it is none after all.
        sample: makes a made-up secret of this form in its usual surroundings (for tests).
        negatives: what looks close and must not match (for tests); no live-looking value.
    """

    id: str
    title: str
    severity: str
    pattern: str
    sample: Callable[[Random], str]
    trigger: str = ""
    caseless: bool = False
    before: int = 384
    after: int = 384
    binaries: bool = False
    names: tuple[bytes, ...] = ()
    check: Callable[[re.Match[bytes], str], str]
    negatives: tuple[str, ...] = ()

    def hyperscan_expression(self) -> bytes:
        """The expression without named groups, which hyperscan has no use for."""
        expression = self.trigger or self.pattern
        while (start := expression.find("(?P<")) >= 0:
            end = expression.index(">", start)
            expression = expression[:start] + "(?:" + expression[end + 1 :]
        return expression.encode()


def value_of(match: re.Match[bytes]) -> bytes:
    """The secret itself in a match."""
    return match["secret"] if "secret" in match.re.groupindex else match[0]


def random_token(match: re.Match[bytes], severity: str, least: float = 3.0) -> str:
    """For values that a generator made: what is repetitive or counted up is documentation.

    Args:
        least: bits per character, Shannon. 24 random hexadecimal digits have 3.0 or more in all
            but one of 500 cases.
    """
    value = value_of(match)
    if b"EXAMPLE" in value.upper():
        # The vendors' documented fakes: shown, so that nobody wonders, but harmless.
        return "low"
    return "" if is_filler(value) or shannon(value) < least else severity


def token(  # noqa: PLR0913 - the fields of a rule
    id: str,  # noqa: A002 - the field's name
    title: str,
    pattern: str,
    sample: Callable[[Random], str],
    *,
    severity: str = "critical",
    check: Callable[[re.Match[bytes], str], str] = random_token,
    trigger: str = "",
    negatives: tuple[str, ...] = (),
) -> SecretRule:
    """A rule for a token with a fixed prefix that stands alone as a word."""
    return SecretRule(
        id=id,
        title=title,
        severity=severity,
        # The edges are for `re` only: hyperscan has no look-around and needs none to find it.
        pattern=rf"(?<![A-Za-z0-9_]){pattern}(?![A-Za-z0-9_])",
        trigger=trigger or pattern,
        sample=sample,
        binaries=True,
        before=768,
        after=1_536,
        check=check,
        negatives=negatives,
    )
