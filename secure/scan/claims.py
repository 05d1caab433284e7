"""The claims of the package databases, held against the files that are there."""

from __future__ import annotations

from collections.abc import Sequence

from secure.facts.location import text
from secure.facts.ownership import ClaimedFile, Disagreement, FileClaims
from secure.facts.package import Package
from secure.scan.owners import Owners, is_documentation
from secure.scan.survey import Survey


def file_claims(owners: Owners, packages: Sequence[Package], survey: Survey) -> FileClaims | None:
    """What is missing, and what nobody claims; None where no database claims files.

    Args:
        packages: those that the claims number.
    """
    if not owners.claims:
        return None
    missing: list[ClaimedFile] = []
    documentation = 0
    for name, claim in owners.claims.items():
        # Without a digest it may be an empty directory, which the runtime makes when it starts.
        if name in survey.shown or claim.config or not claim.digest:
            continue
        if is_documentation(name):
            documentation += 1
        else:
            package = packages[claim.package].purl
            missing.append(ClaimedFile(text(name), package, Disagreement.MISSING))
    return FileClaims(
        claimed=len(owners.claims),
        missing=tuple(sorted(missing, key=lambda one: one.path)),
        missing_documentation=documentation,
        unowned_executables=tuple(map(text, survey.unowned)) if owners.distribution else (),
    )
