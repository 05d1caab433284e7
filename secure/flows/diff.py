"""Two images, SBOMs or earlier scans: what the newer one fixes, and what it brings."""

from __future__ import annotations

import msgspec

from secure.errors import LimitExceededError
from secure.facts.image import ImageFacts
from secure.flows.sbom_facts import PREFIX, facts_of, file_content, is_document
from secure.flows.vulnerabilities import compared
from secure.oci.document import decode_document
from secure.oci.limits import DEFAULT_LIMITS
from secure.report.image_diff import ImageDifference, image_difference
from secure.report.image_json import SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def diff(before: str, after: str, platform: str = "", vex: Iterable[str] = ()) -> ImageDifference:
    """What changed from `before` to `after`.

    Both are compared with the database of today, also what an earlier scan already found: else
    what the database learned in between would be told as brought by the newer image.

    Args:
        before, after: images, SBOMs, or what `secure scan --format json` wrote.
        vex: files and folders of VEX statements, for both.

    Raises:
        InputError: one of them, or a VEX document, cannot be read.
    """
    statements = tuple(vex)
    sides = (_facts(reference, platform) for reference in (before, after))
    return image_difference(*(compared(side, statements) for side in sides))


def _facts(reference: str, platform: str) -> ImageFacts:
    if not is_document(reference):
        return facts_of(reference, platform)
    path = reference.removeprefix(PREFIX)
    raw = file_content(path, DEFAULT_LIMITS.sbom_bytes)
    if SCHEMA.encode() not in raw:
        return facts_of(PREFIX + path)
    # As for SBOMs: "{}," becomes a hundred times its size in memory.
    if sum(raw.count(mark) for mark in (b",", b"{", b"[")) > DEFAULT_LIMITS.sbom_values:
        raise LimitExceededError("sbom_values", f'"{path}"', f"{DEFAULT_LIMITS.sbom_values} values")
    found = decode_document(raw, ImageFacts, f'"{path}"', limit="sbom_bytes", limits=DEFAULT_LIMITS)
    return msgspec.structs.replace(
        found,
        vulnerability_data="",
        vulnerability_source="",
        vulnerability_starter=False,
        vulnerabilities=(),
        uncovered=(),
    )
