"""What the layers of an image did, for people: rows of tables, and sentences."""

from __future__ import annotations

from collections import Counter

from secure.facts.base_image import BaseEvidence
from secure.facts.changes import ChangeKind, GonePackage
from secure.facts.files import FileFact
from secure.facts.image import ImageFacts
from secure.facts.package import Package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LAYER_COLUMNS = ("no", "diff-id", "bytes", "wasted", "packages", "made by")
GONE_COLUMNS = ("name", "version", "type", "added by", "removed by", "bytes wasted")
GONE_FILE_COLUMNS = ("why", "path", "added by", "removed by", "bytes wasted")
_EVIDENCE = {
    BaseEvidence.GIVEN: "by the image that was given",
    BaseEvidence.HISTORY: "guessed from the history",
    BaseEvidence.NONE: "how many layers it has is not known",
}
_MOST_PATHS = 20


def layer_rows(facts: ImageFacts) -> list[Sequence[str]]:
    """One row a layer, with what it did to packages."""
    counts = Counter((change.layer, change.kind) for change in facts.changes)
    return [
        (
            str(layer.index),
            (layer.diff_id or "-")[:19],
            f"{layer.size}",
            f"{layer.wasted_bytes}",
            ", ".join(
                f"{counts[layer.index, kind]} {kind}"
                for kind in ChangeKind
                if counts[layer.index, kind]
            ),
            layer.created_by[:60],
        )
        for layer in facts.layers
    ]


def base_line(facts: ImageFacts) -> str:
    """The base image in a few words; "" where nothing is known."""
    base = facts.base
    if base is None:
        return ""
    named = " ".join(filter(None, (base.name, base.digest))) or "not named"
    layers = "" if base.layers is None else f"{base.layers} of {len(facts.layers)} layers, "
    return f"{named} ({layers}{_EVIDENCE[base.evidence]})"


def origin(package: Package) -> str:
    """The layer of a package, what became of it there, and whose files it lies in."""
    place = package.location
    words = [str(place.layer)]
    if package.from_base is not None:
        words.append("base" if package.from_base else "application")
    if place.deleted_by is not None:
        words.append(f"removed by {place.deleted_by}")
    if package.owner:
        words.append(f"part of {package.owner.partition('?')[0]}")
    return ", ".join(words)


def gone_row(gone: GonePackage) -> Sequence[str]:
    """A package that only a lower layer still holds."""
    package, place = gone.package, gone.package.location
    layers = str(place.layer), str(place.deleted_by)
    return package.name, package.version, package.type, *layers, str(gone.wasted_bytes)


def gone_file_row(fact: FileFact) -> Sequence[str]:
    """A file of note that only a lower layer still holds."""
    place = fact.location
    why = ", ".join(fact.tags)
    return why, place.path, str(place.layer), str(place.deleted_by), str(fact.size)


def claim_lines(facts: ImageFacts) -> Iterator[str]:
    """How files and package databases agree; nothing where no database claims files."""
    claims = facts.claims
    if claims is None:
        return
    yield f"files of packages ({claims.claimed} claimed)"
    if claims.verified:
        yield f"  {claims.verified} compared with their digest, {len(claims.changed)} changed"
    if claims.missing_documentation:
        yield f"  documentation left out: {claims.missing_documentation}"
    for title, paths in (
        ("changed", [f"{one.path} ({one.package.partition('?')[0]})" for one in claims.changed]),
        ("missing", [f"{one.path} ({one.package.partition('?')[0]})" for one in claims.missing]),
        ("executable, of no package", claims.unowned_executables),
    ):
        if paths:
            yield f"  {title}: {len(paths)}"
            yield from (f"    {path}" for path in paths[:_MOST_PATHS])
        if len(paths) > _MOST_PATHS:
            yield f"    … and {len(paths) - _MOST_PATHS} more; --format json has them all"
