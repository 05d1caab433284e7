"""NuGet packages that a paket.lock asks for.

Source: fsprojects/Paket, "The paket.lock file": below NUGET, four blanks before "NAME (VERSION)",
six before what that needs; other sources (GITHUB, GIT, HTTP) give files, not packages.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked, each_once

_SOURCES = re.compile(rb"(?m)^(?:NUGET|GITHUB|GIT|GIST|HTTP|CLITOOL)\s*$")
_SECTION = re.compile(r"(\S+)\s*")
_PACKAGE = re.compile(r" {4}(\S+) \(([^()\s]+)\).*")
_NEED = re.compile(r" {6}(\S+).*")


def parse_lock(file: FileView) -> Found:
    if file.content.strip() and not _SOURCES.search(file.content):
        yield file.unreadable("is no lock file of Paket: it names no source")
    # A package may be in several groups.
    yield from each_once(file, _packages(file))


def _packages(file: FileView) -> Found:
    section, held, needs = "", None, list[str]()
    for raw in (*file.content.split(b"\n"), b"END"):
        line = text(raw).rstrip("\r")
        if section == "NUGET" and held is not None and (need := _NEED.fullmatch(line)):
            needs.append(need[1])
            continue
        if held is not None:
            yield checked(file, held, tuple((need,) for need in needs))
            held, needs = None, []
        if heading := _SECTION.fullmatch(line):
            section = heading[1]
        elif section == "NUGET" and (found := _PACKAGE.fullmatch(line)):
            held = Package(
                type="nuget",
                name=found[1],
                version=found[2],
                location=file.location,
                found_by=PAKET_LOCK.name,
                declared=True,
            )


PAKET_LOCK = Cataloger(
    name="paket-lock",
    version=1,
    wants=("*/paket.lock",),
    max_bytes=4 * MIB,
    parse=parse_lock,
    database=False,
)
