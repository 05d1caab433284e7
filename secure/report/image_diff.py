"""What changed from one image to another: packages and vulnerabilities, for people and as JSON."""

from __future__ import annotations

from collections import Counter

import msgspec

from secure.facts.image import ImageFacts
from secure.facts.package import counted_once
from secure.facts.plain import plain
from secure.report.json_bytes import indented
from secure.report.sbom_diff import Difference, diff_lines, differences
from secure.report.vulnerability_diff import (
    Change,
    VulnerabilityChange,
    vulnerability_changes,
)
from secure.report.vulnerability_table import state_line, uncovered_rows

SCHEMA = "https://secure-runtime.dev/schema/image-diff/1"
_SHOWN = (Change.NEW, Change.FIXED, Change.TAKEN_BACK, Change.NOT_CHECKED)
_ALWAYS = (Change.NEW, Change.FIXED, Change.UNCHANGED)  # counted, even if there is none
_MOST_ROWS = 200  # of one table; the JSON form has all of them


class ImageDifference(msgspec.Struct, frozen=True):
    """Two images, and what is not the same in them.

    Args:
        vulnerabilities: () where one side was not compared; `compared` tells.
    """

    before: ImageFacts
    after: ImageFacts
    packages: tuple[Difference, ...]
    vulnerabilities: tuple[VulnerabilityChange, ...]

    @property
    def compared(self) -> bool:
        """Both sides were held against a vulnerability database."""
        return bool(self.before.vulnerability_data and self.after.vulnerability_data)

    @property
    def complete(self) -> bool:
        """Everything on both sides was read: what is missing in one really is not there."""
        return self.before.complete and self.after.complete


def image_difference(before: ImageFacts, after: ImageFacts) -> ImageDifference:
    """Both compared with the same database, or what it learned would be told as a change."""
    compared = before.vulnerability_data and after.vulnerability_data
    return ImageDifference(
        before,
        after,
        differences(before.packages, after.packages),
        vulnerability_changes(before, after) if compared else (),
    )


def diff_json(found: ImageDifference) -> bytes:
    """The document, ending in a newline; the same images and database make the same bytes."""
    document = {
        "schema": SCHEMA,
        "before": _side(found.before),
        "after": _side(found.after),
        "compared": found.compared,
        "packages": found.packages,
        "vulnerabilities": [_entry(one) for one in found.vulnerabilities],
    }
    return indented(document, 2)


def _side(facts: ImageFacts) -> dict[str, object]:
    return {
        "reference": plain(facts.reference),
        "digest": facts.digest,
        "packages": counted_once(facts.packages),
        "complete": facts.complete,
        "vulnerability_data": facts.vulnerability_data,
        "vulnerability_source": facts.vulnerability_source,
        "vulnerability_starter": facts.vulnerability_starter,
        "uncovered": facts.uncovered,
        "unreadable": facts.unreadable,
    }


def _entry(one: VulnerabilityChange) -> dict[str, object]:
    found = one.vulnerability
    return {
        "change": one.change,
        "id": found.id,
        "aliases": sorted(found.names - {found.id}),
        "component": found.component,
        "ecosystem": found.ecosystem,
        "severity": found.severity,
        "before": one.before,
        "after": one.after,
        "fixed": found.fixed,
        "fix_state": found.fix_state,
        "fix": found.fix,
        "kev": found.kev,
        "epss": found.epss,
        "marks": found.marks,
        "suppressed": found.suppressed,
    }


def diff_table(found: ImageDifference) -> str:
    """Plain text that ends with a newline."""
    lines = [f"before  {found.before.reference}", f"after   {found.after.reference}", ""]
    lines += ["packages", *(f"  {line}".rstrip() for line in diff_lines(found.packages)), ""]
    for change in _SHOWN:
        rows = [_row(one) for one in found.vulnerabilities if one.change is change]
        lines += [*_table(change, rows), ""] if rows else []
    lines += _summary(found)
    return "\n".join(map(plain, lines)) + "\n"


def _summary(found: ImageDifference) -> list[str]:
    """How many of each, and how far that can be relied on."""
    counts = Counter(one.change for one in found.vulnerabilities)
    told = [
        f"{counts[change]} {change}" for change in Change if counts[change] or change in _ALWAYS
    ]
    lines = [f"vulnerabilities: {', '.join(told)}"] if found.compared else []
    lines += dict.fromkeys((state_line(found.before), state_line(found.after)))
    for name, facts in (("before", found.before), ("after", found.after)):
        rows = uncovered_rows(facts)
        lines += [f"not compared {name}: {'; '.join(filter(None, row))}" for row in rows]
        if not facts.complete:
            lines.append(f"{name} is incomplete: see secure scan {facts.reference}")
    return lines


def _row(one: VulnerabilityChange) -> tuple[str, ...]:
    found = one.vulnerability
    sides = (", ".join(side) or "none" for side in (one.before, one.after))
    told = f"exploited since {found.kev}" if found.kev else ""
    if one.change is Change.TAKEN_BACK and found.suppressed is not None:
        told = f"{found.suppressed.justification} ({found.suppressed.by})".strip()
    elif one.change is Change.NEW and found.fixed:
        told = f"{told}, fixed in {', '.join(found.fixed)}".removeprefix(", ")
    return found.severity, found.id, found.component, " -> ".join(sides), told


def _table(title: str, rows: list[tuple[str, ...]]) -> list[str]:
    shown = [tuple(map(plain, row)) for row in rows[:_MOST_ROWS]]
    widths = [max(len(row[i]) for row in shown) for i in range(len(shown[0]))]
    lines = [f"{title} vulnerabilities ({len(rows)})"]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {'  '.join(cells)}".rstrip())
    if len(rows) > _MOST_ROWS:
        lines.append(f"  … and {len(rows) - _MOST_ROWS} more; --format json has them all")
    return lines
