"""Erlang: rebar.lock.

Source: rebar3, rebar_config:write_lock_file/2: {"1.2.0", [{Name, {pkg, Package, Version}, Level}]}.
and then the checksums of the packages, by name.
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

_ENTRY = re.compile(r'\{<<"([^"]{1,200})">>,\s*\{(pkg|git|git_subdir|hg|raw)\b,?')
_PACKAGE = re.compile(r'\s*<<"([^"]{1,200})">>,\s*<<"([^"]{1,200})">>')
_COMMIT = re.compile(r'\s*"([^"]{1,500})",\s*\{ref,\s*"([0-9a-f]{7,40})"\}')
_OUTER = "{pkg_hash_ext,"  # of the whole package; {pkg_hash, …} is of its content
_HASH = re.compile(r'\{<<"([^"]{1,200})">>,\s*<<"([0-9A-Fa-f]{64})">>\}')


def parse_lock(file: FileView) -> Found:
    content = text(file.content)
    if not content.lstrip().startswith(("[", "{")):
        yield file.unreadable("is no Erlang term")
        return
    hashes = dict(_HASH.findall(content.partition(_OUTER)[2]))
    for entry in _ENTRY.finditer(content):
        kind, at = entry[2], entry.end()
        if kind == "pkg" and (found := _PACKAGE.match(content, at)):
            yield checked(file, _from_hex(file, found[1], found[2], hashes.get(entry[1], "")))
        elif kind == "git" and (found := _COMMIT.match(content, at)):
            yield checked(file, _from_git(file, entry[1], found[1], found[2]))
        else:
            yield file.unreadable(f'"{entry[1]}" has no version that can be read')


def _from_hex(file: FileView, name: str, version: str, digest: str) -> Package:
    return Package(
        type="hex",
        name=name,
        version=version,
        location=file.location,
        found_by=REBAR_LOCK.name,
        declared=True,
        hashes=from_pairs(f"sha256:{digest}"),
    )


def _from_git(file: FileView, name: str, url: str, commit: str) -> Package:
    return Package(
        type="hex",  # not from hex.pm, which `vcs_url` tells
        name=name,
        version=commit,
        location=file.location,
        found_by=REBAR_LOCK.name,
        declared=True,
        qualifiers=(("vcs_url", f"{git_url(url)}@{commit}"),),
    )


REBAR_LOCK = Cataloger(
    name="rebar-lock",
    version=4,
    wants=("*/rebar.lock",),
    max_bytes=8 * MIB,
    parse=parse_lock,
    database=False,
)
