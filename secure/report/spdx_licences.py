"""Licences as CycloneDX wants them: one SPDX expression, or plain names."""

from __future__ import annotations

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

_LONGEST = 512  # beyond, it is a text and no expression; the parser is spared, too
_DEEPEST = 16


def licence_choice(declared: tuple[str, ...]) -> list[dict[str, object]]:
    """The value of `licenses`: one valid SPDX expression alone, everything else by name.

    The schema allows a single expression or any number of licences, not both.
    """
    known = [spdx_expression(licence) for licence in declared]
    if len(declared) == 1 and known[0]:
        return [{"expression": known[0]}]
    return [
        {"license": {"id": found} if found and " " not in found else {"name": licence}}
        for licence, found in zip(declared, known, strict=True)
        if licence
    ]


def spdx_expression(licence: str) -> str:
    """`licence` in canonical spelling if it is an SPDX expression (SPDX 2.3, annex D), else ""."""
    if len(licence) > _LONGEST or licence.count("(") > _DEEPEST or not licence.isascii():
        return ""
    try:
        return canonicalize_license_expression(licence)
    except InvalidLicenseExpression:
        return ""
