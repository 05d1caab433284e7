"""OCaml: the installed packages of an opam switch, and *.opam.locked files.

Source: opam manual, "switch-state" (installed: ["name.version" …]) and "opam lock" (depends:
["name" {= "version"} …]).
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked

_INSTALLED = re.compile(r"(?m)^installed:\s*\[([^\[\]]*)\]")
_DEPENDS = re.compile(r"(?m)^depends:\s*\[([^\[\]]*)\]")
_TEXT = re.compile(r'"([^"\\\n]{1,300})"')
_LOCKED = re.compile(r'"([^"\\\n]{1,200})"\s*(?:\{([^{}]{0,1000})\})?')
_EXACT = re.compile(r'(?:^|&)\s*=\s*"([^"\\\n]{1,200})"')


def parse_switch(file: FileView) -> Found:
    found = _INSTALLED.search(text(file.content))
    if found is None:
        yield file.unreadable('has no list "installed"')
        return
    for one in _TEXT.findall(found[1]):
        name, _, version = one.partition(".")
        yield checked(file, _package(file, name, version, locked=False))


def parse_locked(file: FileView) -> Found:
    found = _DEPENDS.search(text(file.content))
    for name, condition in _LOCKED.findall(found[1] if found else ""):
        exact = _EXACT.search(condition)
        yield checked(file, _package(file, name, exact[1] if exact else "", locked=True))


def _package(file: FileView, name: str, version: str, *, locked: bool) -> Package:
    return Package(
        type="opam",
        name=name,
        version=version,
        location=file.location,
        found_by=(OPAM_LOCKED if locked else OPAM_SWITCH).name,
        declared=locked,
    )


OPAM_SWITCH = Cataloger(
    name="opam-switch",
    version=1,
    wants=("*.opam-switch/switch-state",),
    max_bytes=4 * MIB,
    parse=parse_switch,
)
OPAM_LOCKED = Cataloger(
    name="opam-locked",
    version=1,
    wants=("*.opam.locked",),
    max_bytes=4 * MIB,
    parse=parse_locked,
    database=False,
)
