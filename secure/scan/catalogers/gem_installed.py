"""Ruby gems as installed: specifications/*.gemspec, read as text and never evaluated.

Source: rubygems, lib/rubygems/specification.rb, `to_ruby`: RubyGems writes each field on one line
as a literal, and "# stub: NAME VERSION PLATFORM PATHS" on top.
"""

from __future__ import annotations

import re

from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked

_STUB = re.compile(r"# stub: (\S+) (\S+) (\S+)")
# Those written by hand name the variable as they like: "spec.name", "gem.name".
_FIELD = re.compile(r"\s*\w+\.(name|version|platform|licenses?|homepage|authors?)\s*=\s*(.*)")
_NEEDS = re.compile(r"\s*\w+\.add_(?:runtime_)?dependency\b(.*)")
# Bounded: an opened one without its end would be looked for to the end of the line, each time.
_LITERAL = re.compile(r"""%q<([^>]{0,500})>|"([^"\\#]{0,500})"|'([^'\\]{0,500})'""")


def parse_gemspec(file: FileView) -> Found:
    fields: dict[str, list[str]] = {}
    needs: dict[str, None] = {}
    stub: re.Match[str] | None = None
    for line in text(file.content).split("\n"):
        stub = stub or _STUB.match(line)
        if field := _FIELD.match(line):
            fields.setdefault(field[1], _literals(field[2]))
        elif need := _NEEDS.match(line):
            needs.update(dict.fromkeys(_literals(need[1])[:1]))
    name, version, platform = stub.groups() if stub else ("", "", "")
    # By hand it may be Gem::Platform.new(["x86_64", "linux"]).
    platform = platform or "-".join(fields.get("platform", ()))
    package = Package(
        type="gem",
        name=name or _first(fields, "name"),
        version=version or _first(fields, "version"),
        location=file.location,
        found_by=GEM_INSTALLED.name,
        licences=tuple(fields.get("licenses") or fields.get("license") or ()),
        homepage=_first(fields, "homepage"),
        maintainer=", ".join(fields.get("authors") or fields.get("author") or ()),
        qualifiers=(("platform", platform),) if platform not in {"", "ruby"} else (),
    )
    yield checked(file, package, tuple((need,) for need in needs))


def _literals(code: str) -> list[str]:
    return ["".join(found).strip() for found in _LITERAL.findall(code)]


def _first(fields: dict[str, list[str]], key: str) -> str:
    return next(iter(fields.get(key, ())), "")


GEM_INSTALLED = Cataloger(
    name="gem-installed",
    version=1,
    wants=("*/specifications/*.gemspec", "*/specifications/default/*.gemspec"),
    max_bytes=1 * MIB,
    parse=parse_gemspec,
    database=False,
)
