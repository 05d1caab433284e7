"""A verdict for people: the decision first, then what denies, warns, is open, was waived."""

from __future__ import annotations

from itertools import groupby, zip_longest

from secure.facts.plain import plain
from secure.facts.verdict import ALLOW, DENY, NOT_CHECKED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from secure.facts.verdict import Finding, Verdict

_RED, _GREEN, _YELLOW, _BOLD, _DIM = "31", "32", "33", "1", "2"
_WORDS = {ALLOW: ("ALLOWED", _GREEN), DENY: ("DENIED", _RED), NOT_CHECKED: ("NOT DECIDED", _YELLOW)}
_GROUPS = (
    (DENY, "denied", _RED),
    (NOT_CHECKED, "not checked", _YELLOW),
    ("warn", "warnings", _YELLOW),
    ("waived", "waived", _DIM),
)
_LEAST_WIDTH = 40


def verdict_table(verdict: Verdict, *, color: bool, width: int) -> str:
    """The verdict as text that ends with a newline.

    Args:
        color: ANSI colours, for a terminal.
        width: columns; longer lines are wrapped between words.
    """
    paint = _Paint(color)
    columns = max(width, _LEAST_WIDTH)
    word, colour = _WORDS[verdict.outcome]
    by = f"policy {plain(verdict.policy)}, stage {verdict.stage}"
    lines = [
        f"{paint(word, _BOLD, colour)}  {plain(verdict.subject)}",
        f"by {by}{_counts(verdict)}",
    ]
    for outcome, title, colour in _GROUPS:
        found = [finding for finding in verdict.findings if finding.outcome == outcome]
        if found:
            lines += ["", paint(f"{title} ({len(found)})", _BOLD, colour)]
        for _, same in groupby(found, key=lambda finding: (finding.rule, finding.severity)):
            lines += _rule(list(same), paint, colour, columns)
    if verdict.passed:
        lines += ["", f"passed ({len(verdict.passed)})"]
        lines += _wrapped(" ".join(plain(rule) for rule in verdict.passed), "  ", "", columns)
    if verdict.notes:
        lines += [""]
    for note in verdict.notes:
        lines += _wrapped(plain(note), "  ", "note: ", columns)
    return "\n".join(lines) + "\n"


class _Paint:
    """Puts ANSI colour around text, or not."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._color else text


def _counts(verdict: Verdict) -> str:
    counted = []
    for outcome, title, _ in _GROUPS:
        count = sum(1 for finding in verdict.findings if finding.outcome == outcome)
        if count:
            counted.append(f"{count} {title if count != 1 else title.removesuffix('s')}")
    return ": " + ", ".join(counted) if counted else ""


def _rule(findings: list[Finding], paint: _Paint, colour: str, width: int) -> Iterator[str]:
    """The findings of one rule: its title once, then each place, and the fix once."""
    first = findings[0]
    yield f"  {paint(first.rule, colour)} {plain(first.title)} [{first.severity}]"
    for finding, following in zip_longest(findings, findings[1:]):
        wanted = f" (wanted: {plain(finding.wanted)})" if finding.wanted else ""
        where = f"{plain(finding.at)}: {plain(finding.found)}{wanted}"
        yield from _wrapped(where, "      ", "", width)
        if finding.waiver:
            yield from _wrapped(plain(finding.waiver), "      ", "waiver: ", width)
        elif finding.fix and (following is None or following.fix != finding.fix):
            yield from _wrapped(plain(finding.fix), "      ", "fix: ", width)


def _wrapped(text: str, indent: str, first: str, width: int) -> Iterator[str]:
    line, filled = indent + first, False
    for word in text.split(" "):
        if filled and len(line) + 1 + len(word) > width:
            yield line
            line, filled = indent + " " * len(first), False
        line += f" {word}" if filled else word
        filled = True
    yield line
