"""The forms in which an SBOM can be written, by the name a user gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from secure.errors import UsageError
from secure.facts.image import ImageFacts
from secure.report import (
    compact_json,
    cyclonedx,
    cyclonedx_xml,
    spdx2,
    spdx3,
    spdx_tag_value,
    syft_json,
)
from secure.report.bill import Author
from secure.report.statement import CYCLONEDX, SPDX


class Format(msgspec.Struct, frozen=True):
    """One form.

    Args:
        render: facts, timestamp, author -> bytes.
        versions: of the specification that can be chosen, the usual one first.
        predicate: type of an in-toto predicate that holds it; "" where there is none.
    """

    name: str
    render: Callable[..., bytes]
    versions: tuple[str, ...] = ()
    predicate: str = ""


FORMATS = (
    Format("cyclonedx-json", cyclonedx.render, cyclonedx.VERSIONS, CYCLONEDX),
    Format("cyclonedx-xml", cyclonedx_xml.render, cyclonedx.VERSIONS),
    Format("spdx-json", spdx2.render, ("2.3",), SPDX),
    Format("spdx-tag-value", spdx_tag_value.render, ("2.3",)),
    Format("spdx3-json", spdx3.render, ("3.0.1",), SPDX),
    Format("syft-json", syft_json.render),
    Format("secure-json", compact_json.render),
)


def format_of(name: str, version: str = "") -> Format:
    """The form, writing `version` of its specification.

    Raises:
        UsageError: there is no such form, or not in that version.
    """
    for one in FORMATS:
        if one.name == name:
            break
    else:
        names = ", ".join(one.name for one in FORMATS)
        raise UsageError(f'--format "{name}" is unknown', do=f"Use {names}.")
    if version and version not in one.versions:
        known = " or ".join(one.versions) or "no version: there is one only"
        raise UsageError(f'--spec-version "{version}" is not written as {name}', do=f"Use {known}.")
    if version and len(one.versions) > 1:
        return msgspec.structs.replace(one, render=partial(one.render, version=version))
    return one


def written(facts: ImageFacts, form: Format, author: Author | None = None) -> bytes:
    """The SBOM of an image, made when the facts were read."""
    return form.render(facts, timestamp=facts.scanned_at, author=author)
