"""Installed Python distributions: *.dist-info/METADATA and *.egg-info/PKG-INFO.

Sources: Core metadata specifications; PEP 503 (normalised names); PEP 639 (License-Expression).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.layer_facts import Record

_RUNS = re.compile("[-_.]+")
_REQUIRED = re.compile(rb"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_SINGLE = frozenset({b"name", b"version", b"license", b"license-expression", b"author-email"})
_LONGEST_LICENCE = 128  # old metadata holds whole licence texts in License:; they are no name


def normalised(name: str) -> str:
    """PEP 503: runs of "-", "_" and "." are one "-"; lower case."""
    return _RUNS.sub("-", name).lower()


def parse_metadata(file: FileView) -> Iterator[Record | Unreadable]:
    head, needs = _header(file.content)
    name, version = head.get(b"name", b""), head.get(b"version", b"")
    if not name or not version:
        yield file.unreadable("no Name or no Version before the first blank line")
        return
    licence = head.get(b"license-expression") or head.get(b"license", b"")
    package = Package(
        type="pypi",
        name=normalised(text(name)),
        version=text(version),
        location=file.location,
        found_by=PYTHON_DIST.name,
        licences=(text(licence),) if _names_a_licence(licence) else (),
        maintainer=text(head.get(b"author-email", b"")),
    )
    yield Record(package, needs)


def _header(content: bytes) -> tuple[dict[bytes, bytes], tuple[tuple[str, ...], ...]]:
    """The first value of each single field, and the requirements, from the header block only."""
    found: dict[bytes, bytes] = {}
    needs: list[tuple[str, ...]] = []
    for line in content.split(b"\n"):
        line = line.rstrip(b"\r")  # noqa: PLW2901
        if not line:
            break
        if line[:1] in (b" ", b"\t"):
            continue
        raw, _, rest = line.partition(b":")
        key = raw.lower()
        if key in _SINGLE:
            found.setdefault(key, rest.strip())
        elif key == b"requires-dist" and (name := _required(rest)):
            needs.append((name,))
    return found, tuple(needs)


def _required(requirement: bytes) -> str:
    """The name a requirement asks for; "" for one of an extra, which nobody may have chosen."""
    match = _REQUIRED.match(requirement)
    if match is None or b"extra" in requirement.partition(b";")[2]:
        return ""
    return normalised(match[1].decode("ascii"))


def _names_a_licence(field: bytes) -> bool:
    return bool(field) and field.upper() != b"UNKNOWN" and len(field) <= _LONGEST_LICENCE


PYTHON_DIST = Cataloger(
    name="python-dist",
    version=1,
    wants=("*.dist-info/METADATA", "*.egg-info/PKG-INFO", "*.egg-info"),
    max_bytes=8 * MIB,
    parse=parse_metadata,
    database=False,
)
