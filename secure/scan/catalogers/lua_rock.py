"""Lua rocks as installed: NAME-VERSION.rockspec in a rocks tree.

Source: LuaRocks documentation, "Rockspec format". A rockspec is a Lua program; only its plain
assignments of texts are read, nothing is run.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked

_TEXT = r"""[ \t]*=[ \t]*(?:"([^"\n]{1,500})"|'([^'\n]{1,500})')"""
_FIELDS = {
    name: re.compile(rf"(?m)(?:^|[{{,;])[ \t]*{name}{_TEXT}")
    for name in ("package", "version", "license", "homepage", "maintainer")
}
_NEEDS = re.compile(r"(?m)^[ \t]*dependencies[ \t]*=\s*\{([^{}]{0,20000})\}")
_BOTH = ("package", "version")
_ASSIGNED = re.compile(rf"(?m)^[ \t]*({'|'.join(_BOTH)})[ \t]*=")
_CALLED = re.compile(r"(.{1,200})-([^-]{1,100}-\d{1,9})\.rockspec")
_NAME = re.compile(r"""["']\s*([\w.-]{1,200})""")


def parse_rockspec(file: FileView) -> Found:
    content = text(file.content)
    found = {
        name: (match[1] or match[2]).strip() if (match := pattern.search(content)) else ""
        for name, pattern in _FIELDS.items()
    }
    needs = _NEEDS.search(content)
    # Some put them together from variables; LuaRocks demands that the file is called by them.
    called = _CALLED.fullmatch(text(file.name).rpartition("/")[2])
    called = called if len(set(_ASSIGNED.findall(content))) == len(_BOTH) else None
    package = Package(
        type="luarocks",
        name=found["package"] or (called[1] if called else ""),
        version=found["version"] or (called[2] if called else ""),
        location=file.location,
        found_by=LUA_ROCK.name,
        licences=(found["license"],) if found["license"] else (),
        homepage=found["homepage"],
        maintainer=found["maintainer"],
        declared=b"/rocks" not in file.name,  # outside of a rocks tree it is a source's
    )
    names = _NAME.findall(needs[1]) if needs else ()
    yield checked(file, package, tuple((name,) for name in names if name != "lua"))


LUA_ROCK = Cataloger(
    name="lua-rock",
    version=2,
    wants=("*.rockspec",),
    max_bytes=1 * MIB,
    parse=parse_rockspec,
    database=False,
)
