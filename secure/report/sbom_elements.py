"""The elements that standards want in an SBOM, and how a document is asked for each.

Sources: NTIA, "The Minimum Elements For an SBOM" (2021); CISA, "2025 Minimum Elements for an SBOM";
BSI TR-03183-2 v2.1, chapter 5 (required data fields) and 8.1 (no vulnerabilities inside).
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from secure.facts.bom import Bom, Component
from secure.report.bsi import ARCHIVE, EXECUTABLE, FILENAME, STRUCTURED
from secure.report.spdx_licences import spdx_expression

NTIA, CISA, BSI = "ntia", "cisa", "bsi"
STANDARDS = (NTIA, CISA, BSI)

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_FORM = re.compile(r"(CycloneDX|SPDX) (\d+)\.(\d+)")


class OfDocument(msgspec.Struct, frozen=True):
    """An element of the document as a whole."""

    name: str
    title: str
    standards: tuple[str, ...]
    there: Callable[[Bom], bool]


class OfComponent(msgspec.Struct, frozen=True):
    """An element that every component has to have."""

    name: str
    title: str
    standards: tuple[str, ...]
    there: Callable[[Component], bool]


def _is_recent(bom: Bom) -> bool:
    """TR-03183-2, 4: CycloneDX from 1.6, SPDX from 3.0.1."""
    found = _FORM.match(bom.form)
    least = {"CycloneDX": (1, 6), "SPDX": (3, 0)}
    return found is not None and (int(found[2]), int(found[3])) >= least[found[1]]


def _has_address(text: str) -> bool:
    return "@" in text or "://" in text


def _has_sha512(one: Component) -> bool:
    return any(name == "sha512" for name, _ in one.package.hashes)


def _has_spdx_licence(one: Component) -> bool:
    licences = one.package.licences
    return bool(licences) and all(map(spdx_expression, licences))


DOCUMENT = (
    OfDocument("author", "who answers for the SBOM", (NTIA, CISA), lambda bom: bool(bom.authors)),
    OfDocument(
        "creator-contact", "email address or URL of its creator", (BSI,),
        lambda bom: any(map(_has_address, bom.authors)),
    ),
    OfDocument(
        "timestamp", "when it was made, RFC 3339", STANDARDS,
        lambda bom: _RFC_3339.fullmatch(bom.created) is not None,
    ),
    OfDocument("tool", "the program that made it", (CISA,), lambda bom: bool(bom.tools)),
    OfDocument("context", "when in the software's life", (CISA,), lambda bom: bool(bom.context)),
    OfDocument(
        "coverage", "whether the list is complete", (CISA, BSI),
        lambda bom: bom.complete is not None or bool(bom.unreadable),
    ),
    OfDocument("sbom-uri", "its own identity, a URI", (BSI,), lambda bom: ":" in bom.identity),
    OfDocument("form", "CycloneDX from 1.6 or SPDX from 3.0.1", (BSI,), _is_recent),
    OfDocument(
        "no-vulnerabilities", "no vulnerabilities inside", (BSI,),
        lambda bom: bom.vulnerabilities == 0,
    ),
)  # fmt: skip

COMPONENT = (
    OfComponent("name", "its name", STANDARDS, lambda one: bool(one.package.name)),
    OfComponent("version", "its version", STANDARDS, lambda one: bool(one.package.version)),
    OfComponent("producer", "who made it", (NTIA, CISA), lambda one: bool(one.package.maintainer)),
    OfComponent(
        "producer-contact", "email address or URL of its creator", (BSI,),
        lambda one: _has_address(one.package.maintainer) or bool(one.package.homepage),
    ),
    OfComponent(
        "identifier", "purl, CPE or SWID", (NTIA, CISA, BSI), lambda one: bool(one.identifiers)
    ),
    OfComponent(
        "dependencies", "what it needs, or that it needs nothing", STANDARDS,
        lambda one: one.needs is not None,
    ),
    OfComponent("hash", "a hash of it", (CISA,), lambda one: bool(one.package.hashes)),
    OfComponent("sha-512", "its SHA-512", (BSI,), _has_sha512),
    OfComponent("licence", "its licence", (CISA,), lambda one: bool(one.package.licences)),
    OfComponent("spdx-licence", "its licence as SPDX expression", (BSI,), _has_spdx_licence),
    OfComponent("filename", "name of its file", (BSI,), lambda one: bool(one.property(FILENAME))),
    OfComponent(
        "executable", "whether it can be executed", (BSI,),
        lambda one: bool(one.property(EXECUTABLE)),
    ),
    OfComponent(
        "archive", "whether it is an archive", (BSI,), lambda one: bool(one.property(ARCHIVE))
    ),
    OfComponent(
        "structured", "whether it can be taken apart again", (BSI,),
        lambda one: bool(one.property(STRUCTURED)),
    ),
)  # fmt: skip
