"""Ruby gems that a Gemfile.lock or gems.locked asks for.

Source: bundler, lib/bundler/lockfile_parser.rb and lockfile_generator.rb.
"""

from __future__ import annotations

import re

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.formats.checked import Found, checked
from secure.scan.formats.integrity import Hashes, from_pairs
from secure.scan.formats.repository import git_url, public
from secure.scan.layer_facts import Record

# "    name (version)!", in CHECKSUMS "  name (version) sha256=HEX,sha512=HEX".
_GEM = re.compile(r"( +)([^\s(:]+)(?: \(([^()]*)\))?!?(?: (\S+))?")
_FIELD = re.compile(r"  (\w+):(?: (.*))?")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")  # of git: Bundler refuses them too
_USUAL = frozenset({"https://rubygems.org/", "http://rubygems.org/"})
# PATH is the project itself; the others are what it asks for, not what was chosen.
_SOURCES = frozenset({"GEM", "GIT", "PLUGIN SOURCE"})
_SECTIONS = _SOURCES | {"PATH", "PLATFORMS", "DEPENDENCIES"}
_NAMED, _NEEDED = 4, 6  # blanks before a gem of a source, and before what it needs


def parse_lock(file: FileView) -> Found:
    lock = _Lock(file)
    lines = text(file.content).split("\n")
    wrong = [number for number, line in enumerate(lines, start=1) if not lock.take(line.rstrip())]
    if wrong:
        more = f", and {len(wrong) - 1} more" if wrong[1:] else ""
        yield file.unreadable(f"line {wrong[0]} is none of a lock file{more}")
    if not lock.sections:
        yield file.unreadable("is no lock file of Bundler: it has no section")
    yield from lock.records()


class _Gem:
    """One gem of a source: "NAME (VERSION-PLATFORM)"."""

    def __init__(self, name: str, whole: str, remotes: list[str], revision: list[str]) -> None:
        self.name, self.whole = name, whole
        self.remotes, self.revision = remotes, revision  # filled while lines of its source come
        self.needs: dict[str, None] = {}


class _Lock:
    """The lines so far."""

    def __init__(self, file: FileView) -> None:
        self._file = file
        self.sections = 0
        self._section = ""
        self._fields: dict[str, list[str]] = {}
        self._found: list[_Gem] = []
        self._sums: dict[tuple[str, str], Hashes] = {}

    def take(self, line: str) -> bool:
        """Whether the line can be one of a lock file."""
        if not line:
            return True
        if line.startswith(_CONFLICT):
            return False
        if not line.startswith(" "):
            self.sections += line in _SECTIONS
            self._section, self._fields = line, {}
        elif field := _FIELD.fullmatch(line):
            self._fields.setdefault(field[1], []).append(field[2] or "")
        elif self._section in _SOURCES or self._section == "CHECKSUMS":
            gem = _GEM.fullmatch(line)
            if gem is None:
                return False
            self._gem(len(gem[1]), gem[2], gem[3] or "", gem[4] or "")
        return True

    def _gem(self, blanks: int, name: str, whole: str, sums: str) -> None:
        if self._section == "CHECKSUMS":
            self._sums[name, whole] = from_pairs(*(sums.replace("=", ":").split(",")))
        elif blanks == _NAMED:
            remotes, revision = (self._fields.setdefault(key, []) for key in ("remote", "revision"))
            self._found.append(_Gem(name, whole, remotes, revision))
        elif blanks == _NEEDED and self._found:
            self._found[-1].needs[name] = None

    def records(self) -> Found:
        for gem in self._found:
            yield self._record(gem)

    def _record(self, gem: _Gem) -> Record | Unreadable:
        version, _, platform = gem.whole.partition("-")  # no version of a gem has a hyphen
        # Of several remotes nothing says which one served the gem.
        remote = gem.remotes[0] if len(gem.remotes) == 1 else ""
        pairs = [("platform", platform)]
        if gem.revision:
            pairs.append(("vcs_url", f"{git_url(remote)}@{gem.revision[0]}"))
        elif remote not in _USUAL:
            pairs.append(("repository_url", public(remote)))
        package = Package(
            type="gem",
            name=gem.name,
            version=version,
            location=self._file.location,
            found_by=GEM_LOCK.name,
            declared=True,
            hashes=self._sums.get((gem.name, gem.whole), ()),
            qualifiers=tuple(pair for pair in pairs if pair[1]),
        )
        return checked(self._file, package, tuple((need,) for need in gem.needs))


GEM_LOCK = Cataloger(
    name="gem-lock",
    version=3,
    wants=("*/Gemfile*.lock", "*/gems.locked"),
    max_bytes=4 * MIB,
    parse=parse_lock,
    database=False,
    outside=(b"gems",),
)
