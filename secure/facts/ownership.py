"""How the files of an image and the claims of its package databases agree."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Disagreement(StrEnum):
    """In what way a file is not what its package brought."""

    MISSING = "missing"
    CHANGED = "changed"


class ClaimedFile(msgspec.Struct, frozen=True, gc=False):
    """A file that a package database claims and that is missing or changed.

    Args:
        path: no leading slash, as the database has it.
        package: purl of the package that claims it.
    """

    path: str
    package: str
    what: Disagreement


class FileClaims(msgspec.Struct, frozen=True):
    """What package databases say about files, held against the files of the squashed image.

    Configuration files, which an administrator may change or remove, are left out.

    Args:
        claimed: how many files the databases claim.
        missing: without documentation, man pages and translations.
        missing_documentation: how many of those are missing: slim images leave them out.
        verified: how many files were compared with a digest; 0 unless that was asked for.
        changed: what those comparisons found.
        unowned_executables: regular files with an execute bit that no package claims; none are
            told where there is no distribution that could claim them.
    """

    claimed: int
    missing: tuple[ClaimedFile, ...] = ()
    missing_documentation: int = 0
    verified: int = 0
    changed: tuple[ClaimedFile, ...] = ()
    unowned_executables: tuple[str, ...] = ()
