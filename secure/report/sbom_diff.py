"""What changed from one SBOM to another: added, removed, other version; for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from secure.facts.package import Package
from secure.facts.plain import plain
from secure.report.bill import group_of
from secure.report.json_bytes import indented

SCHEMA = "https://secure-runtime.dev/schema/sbom-diff/1"
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


class Difference(msgspec.Struct, frozen=True, order=True):
    """One package that is not the same on both sides; its versions before and after, sorted."""

    type: str
    name: str
    kind: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def differences(before: Iterable[Package], after: Iterable[Package]) -> tuple[Difference, ...]:
    """By type and name, sorted. Where a package lies, and for which processor, does not count."""
    left, right = _versions(before), _versions(after)
    made = []
    for kind, name in sorted(left.keys() | right.keys()):
        gone = left.get((kind, name), set()) - right.get((kind, name), set())
        come = right.get((kind, name), set()) - left.get((kind, name), set())
        if gone or come:
            what = CHANGED if gone and come else ADDED if come else REMOVED
            made.append(Difference(kind, name, what, tuple(sorted(gone)), tuple(sorted(come))))
    return tuple(made)


def diff_json(found: tuple[Difference, ...], names: tuple[str, str]) -> bytes:
    """The document, ending in a newline.

    Args:
        names: what the user called the two sides.
    """
    shown = [name.encode("utf-8", "backslashreplace").decode() for name in names]
    document = {"schema": SCHEMA, "before": shown[0], "after": shown[1], "differences": found}
    return indented(document, 1)


def diff_table(found: tuple[Difference, ...]) -> str:
    """Plain text that ends with a newline."""
    return "\n".join(diff_lines(found)) + "\n"


def diff_lines(found: tuple[Difference, ...]) -> list[str]:
    """A line for each difference, an empty one, and how many there are."""
    marks = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
    lines = []
    for one in found:
        sides = [", ".join(side) for side in (one.before, one.after) if side]
        lines.append(f"{marks[one.kind]} {one.type:<8} {one.name}  {' -> '.join(sides)}")
    counts = (
        f"{sum(one.kind == kind for one in found)} {kind}" for kind in (ADDED, REMOVED, CHANGED)
    )
    return [*map(plain, lines), *([""] if lines else []), ", ".join(counts)]


def identity(package: Package) -> tuple[str, str]:
    """Type and name: what makes two packages the same one, in perhaps another version."""
    group = group_of(package)
    return package.type, f"{group}/{package.name}" if group else package.name


def version_of(package: Package) -> str:
    """With the epoch where it has one."""
    return package.version if package.epoch in {"", "0"} else f"{package.epoch}:{package.version}"


def _versions(packages: Iterable[Package]) -> dict[tuple[str, str], set[str]]:
    made: dict[tuple[str, str], set[str]] = {}
    for one in packages:
        made.setdefault(identity(one), set()).add(version_of(one))
    return made
