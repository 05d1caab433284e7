"""Image facts for people."""

from __future__ import annotations

from secure.facts.files import FileFact
from secure.facts.image import ImageFacts
from secure.facts.package import counted_once
from secure.facts.plain import plain
from secure.facts.secret import Secret
from secure.report.image_layers import (
    GONE_COLUMNS,
    GONE_FILE_COLUMNS,
    LAYER_COLUMNS,
    base_line,
    claim_lines,
    gone_file_row,
    gone_row,
    layer_rows,
    origin,
)
from secure.report.vulnerability_table import (
    COLUMNS,
    REMEDIES,
    TAKEN_BACK,
    UNCOVERED,
    finding_row,
    remedy_rows,
    state_line,
    taken_back_row,
    uncovered_rows,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_ROWS = 200


def image_table(facts: ImageFacts) -> str:
    """The facts as plain text that ends with a newline."""
    lines = [*_head(facts), "", *_layers(facts), "", *_packages(facts)]
    if facts.files:
        rows = [_file(fact) for fact in facts.files]
        lines += ["", *_table("files that matter", ("why", "path", "mode", "owner", "layer"), rows)]
    if facts.secrets:
        rows = [_secret(secret) for secret in facts.secrets]
        lines += ["", *_table("secrets", ("severity", "what", "where", "value", "layer"), rows)]
    if facts.gone_packages:
        rows = [gone_row(gone) for gone in facts.gone_packages]
        lines += ["", *_table("packages in lower layers only", GONE_COLUMNS, rows)]
    if facts.gone_files:
        rows = [gone_file_row(fact) for fact in facts.gone_files]
        title = "files that matter in lower layers only"
        lines += ["", *_table(title, GONE_FILE_COLUMNS, rows)]
    if told := list(claim_lines(facts)):
        lines += ["", *told]
    if facts.unreadable:
        rows = [(item.path, str(item.layer), item.why) for item in facts.unreadable]
        lines += ["", *_table("could not be read", ("path", "layer", "why"), rows)]
    lines += ["", *_vulnerabilities(facts), state_line(facts)]
    return "\n".join(plain(line) for line in lines) + "\n"


def _head(facts: ImageFacts) -> Iterator[str]:
    yield f"image    {facts.reference}"
    yield f"digest   {facts.digest or 'none'}"
    release = facts.os_release
    yield f"system   {release.pretty_name or release.id if release else 'no os-release file'}"
    if facts.reference.startswith("sbom:"):
        yield "content  packages as an SBOM lists them; files, secrets and settings were not seen"
        if not facts.complete:
            yield "complete no: see what could not be read"
        return
    yield f"user     {facts.config.user or 'not set, so root'}"
    size = facts.uncompressed_bytes / 1_000_000
    yield f"content  {facts.entries} entries, {size:.1f} MB in {len(facts.layers)} layers"
    if base := base_line(facts):
        yield f"base     {base}"
    if not facts.complete:
        yield "complete no: see what could not be read"


def _layers(facts: ImageFacts) -> list[str]:
    return _table("layers", LAYER_COLUMNS, layer_rows(facts))


def _packages(facts: ImageFacts) -> list[str]:
    rows = [
        (package.name, package.version, package.type, origin(package)) for package in facts.packages
    ]
    count = counted_once(facts.packages)
    parts = f", and {len(rows) - count} parts of them" if count < len(rows) else ""
    lines = _table("packages", ("name", "version", "type", "layer"), rows)
    return [f"packages ({count}{parts})", *lines[1:]]


def _vulnerabilities(facts: ImageFacts) -> Iterator[str]:
    counted = [one for one in facts.vulnerabilities if one.suppressed is None]
    taken_back = [one for one in facts.vulnerabilities if one.suppressed is not None]
    for title, columns, rows in (
        ("known vulnerabilities", COLUMNS, [finding_row(one) for one in counted]),
        ("what removes them", REMEDIES, remedy_rows(counted)),
        ("vulnerabilities that do not count", TAKEN_BACK, [taken_back_row(o) for o in taken_back]),
        ("not compared with any advisory", UNCOVERED, uncovered_rows(facts)),
    ):
        if rows:
            yield from (*_table(title, columns, rows), "")


def _file(fact: FileFact) -> Sequence[str]:
    why = ", ".join(fact.tags) + (f" ({fact.detail})" if fact.detail else "")
    layer = str(fact.location.layer)
    return why, fact.location.path, f"{fact.mode:04o}", f"{fact.uid}:{fact.gid}", layer


def _secret(secret: Secret) -> Sequence[str]:
    place = secret.location
    where = secret.place if place is None else f"{place.path}:{secret.line}"
    if secret.key:
        where = f"{secret.place} {secret.key}"
    layer = "" if place is None else str(place.layer)
    if place is not None and place.deleted_by is not None:
        layer += f", deleted by {place.deleted_by}"
    return secret.severity, secret.title, where, secret.masked, layer


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    shown = [tuple(columns), *rows[:_MAX_ROWS]]
    widths = [max(len(plain(row[i])) for row in shown) for i in range(len(columns))]
    lines = [f"{title} ({len(rows)})"]
    for row in shown:
        cells = (plain(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(("  " + "  ".join(cells)).rstrip())
    if len(rows) > _MAX_ROWS:
        lines.append(f"  … and {len(rows) - _MAX_ROWS} more; --format json has them all")
    return lines
