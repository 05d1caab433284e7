"""Licences as the formats want them: SPDX expressions, or plain names."""

from __future__ import annotations

import re

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_LONGEST = 512  # beyond, it is a text and no expression; the parser is spared, too
_DEEPEST = 16
_OUTSIDE = re.compile(r"(?:DocumentRef-|LicenseRef-)|.*\+$", re.IGNORECASE)


def licence_choice(declared: tuple[str, ...], *, mixed: bool = False) -> list[dict[str, object]]:
    """CycloneDX `licenses`: valid SPDX expressions, everything else by name.

    Args:
        mixed: CycloneDX 1.7 takes expressions and licences side by side; the schemas before allow a
            single expression or any number of licences, not both.
    """
    known = [(licence, spdx_expression(licence)) for licence in declared if licence]
    if mixed or (len(known) == 1 and known[0][1]):
        return [
            {"expression": found} if found else {"license": {"name": licence}}
            for licence, found in known
        ]
    return [
        {"license": {"id": found} if is_listed(found) else {"name": licence}}
        for licence, found in known
    ]


def is_listed(expression: str) -> bool:
    """Whether an expression is one identifier of the SPDX list and nothing else."""
    return bool(expression) and " " not in expression and not _OUTSIDE.match(expression)


def spdx_expression(licence: str) -> str:
    """`licence` in canonical spelling if it is an SPDX expression (SPDX 2.3, annex D), else ""."""
    if len(licence) > _LONGEST or licence.count("(") > _DEEPEST or not licence.isascii():
        return ""
    try:
        return canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return ""
