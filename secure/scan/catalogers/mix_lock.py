"""Elixir: mix.lock.

Source: hexdocs, "mix deps.lock" and Hex.SCM: an Elixir map, one line for each dependency:
"name": {:hex, :package, "version", "inner sha256", managers, deps, "repository", "outer sha256"}
or "name": {:git, "url", "commit", options}.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.formats.integrity import from_pairs
from secure.scan.formats.repository import git_url

_ENTRY = re.compile(r'\s*(?:%\{)?"?([\w.-]{1,200})"?(?::|\s=>)\s*\{:(\w{1,20}),')
_HEX = re.compile(r'\s*:"?([\w.-]{1,200})"?,\s*"([^"]{1,200})"')
_REPOSITORY = re.compile(r'"hexpm(?::([\w.-]{1,100}))?"(?:,\s*"([0-9a-f]{64})")?\s*\}')
_GIT = re.compile(r'\s*"([^"]{1,500})",\s*"([0-9a-f]{40})"')


def parse_lock(file: FileView) -> Found:
    for number, line in enumerate(text(file.content).split("\n"), start=1):
        entry = _ENTRY.match(line)
        if entry is None:
            if line.strip(" \t\r,") not in {"", "%{", "}", "%{}"}:
                yield file.unreadable(f"line {number} is no entry of a lock file")
                return
            continue
        package = _package(file, entry[1], entry[2], line[entry.end() :])
        if package is None:
            yield file.unreadable(f"line {number} has no version that can be read")
        else:
            yield checked(file, package)


def _package(file: FileView, name: str, kind: str, rest: str) -> Package | None:
    if kind == "hex" and (found := _HEX.match(rest)):
        repository = _REPOSITORY.search(rest)
        digest = repository[2] if repository else ""
        return Package(
            type="hex",
            namespace=(repository[1] or "") if repository else "",
            name=found[1],
            version=found[2],
            location=file.location,
            found_by=MIX_LOCK.name,
            declared=True,
            hashes=from_pairs(f"sha256:{digest}"),
        )
    if kind == "git" and (found := _GIT.match(rest)):
        return Package(
            type="hex",  # not from hex.pm, which `vcs_url` tells
            name=name,
            version=found[2],
            location=file.location,
            found_by=MIX_LOCK.name,
            declared=True,
            qualifiers=(("vcs_url", f"{git_url(found[1])}@{found[2]}"),),
        )
    return None


MIX_LOCK = Cataloger(
    name="mix-lock",
    version=4,
    wants=("*/mix.lock",),
    max_bytes=8 * MIB,
    parse=parse_lock,
    database=False,
)
