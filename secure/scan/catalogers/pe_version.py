""".NET assemblies by their version resource, where no *.deps.json speaks for them.

An assembly's product version is the package's version, with the commit after a "+".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.scan.formats.pe import Pe
from secure.scan.layer_facts import Record
from secure.scan.program import Program

FOUND_BY = "pe-version"
_VERSION = re.compile(r"\d+(?:\.\d+)+(?:-[0-9A-Za-z.-]+)?")
_ENDS = (".dll", ".exe")


def read_pe_version(program: Program) -> Iterator[Record | Unreadable]:
    """The one package that an assembly is. Raises `FormatError` for damaged resources."""
    if not isinstance(program.form, Pe) or not program.form.managed:
        return
    strings = program.form.version_strings()
    version = _version(strings.get("ProductVersion", "")) or _version(
        strings.get("FileVersion", "")
    )
    name = strings.get("InternalName", "") or strings.get("OriginalFilename", "")
    name = _bare(name) or _bare(program.location.path.rpartition("/")[2])
    if not version or not name.isprintable():
        return
    package = Package(
        type="nuget",
        name=name,
        version=version,
        location=program.location,
        found_by=FOUND_BY,
        maintainer=strings.get("CompanyName", ""),
    )
    yield Record(package)


def _version(raw: str) -> str:
    # Old resources write "1, 2, 3, 4".
    match = _VERSION.match(raw.replace(", ", "."))
    return match[0] if match else ""


def _bare(name: str) -> str:
    for end in _ENDS:
        if name.lower().endswith(end):
            return name[: -len(end)]
    return name
