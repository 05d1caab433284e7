"""Go modules and the Go standard library inside programs, from what the linker wrote there.

Sources: debug/buildinfo; "go version -m"; the purl type golang (a module's version keeps its "v").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.facts.location import Location
from secure.facts.package import Package
from secure.scan.classified import cpe
from secure.scan.formats.elf import Elf
from secure.scan.formats.go_build import GoBuild, GoModule, find_build
from secure.scan.formats.integrity import from_go_sum
from secure.scan.layer_facts import Record
from secure.scan.program import Program

FOUND_BY = "go-binary"
_DEVEL = "(devel)"
# -X main.version=1.2.3 or -X 'example.com/app/version.Version=v1.2.3' among the linker's flags.
_LINKED = re.compile(
    r"-X[ =]['\"]?(?P<path>[\w./~-]+)\.(?P<name>[\w]+)=['\"]?(?P<version>v?\d+\.\d+[\w.+~-]*)"
)
_VERSION_NAMES = frozenset({"version", "buildversion", "appversion", "gitversion", "release"})
_LONGEST_FLAGS = 64 * 1024


def read_go(program: Program) -> Iterator[Record | Unreadable]:
    """The packages of a Go program. Raises `FormatError` where its build information is damaged."""
    build = find_build(program.form) if isinstance(program.form, Elf) else None
    if build is None:
        return
    if build.go_version:
        yield _standard_library(program.location, build.go_version)
    else:
        yield program.unreadable("Go program: its Go version is in a part that was not kept")
    if build.main is not None and build.main.path:
        version = _main_version(build)
        yield Record(module_package(build.main.path, version, program.location, FOUND_BY))
    for module in build.modules:
        package = module_package(*_used(module), program.location, FOUND_BY)
        yield Record(msgspec.structs.replace(package, hashes=from_go_sum(module.sum)))


def module_package(path: str, version: str, location: Location, found_by: str) -> Package:
    """One module: the last element of its path is the name, the rest the namespace (purl-spec)."""
    namespace, _, name = path.rpartition("/")
    return Package(
        type="golang",
        namespace=namespace,
        name=name,
        version=version,
        location=location,
        found_by=found_by,
    )


def _used(module: GoModule) -> tuple[str, str]:
    """Path and version of what was compiled: the replacement, unless it is a local folder."""
    path, version = module.replaced_by
    local = path.startswith((".", "/")) or version in ("", _DEVEL)
    return (module.path, module.version) if not path or local else (path, version)


def _standard_library(location: Location, go_version: str) -> Record:
    # "go1.26.8 X:nodwarf5" names experiments; "devel go1.27-a1b2c3 date" is no release.
    words = go_version.split()
    first = next((word for word in words if word.startswith("go")), words[0] if words else "")
    version = first.removeprefix("go")
    return Record(
        Package(
            type="golang",
            name="stdlib",
            version=version,
            location=location,
            found_by=FOUND_BY,
            cpe=cpe("golang:go", version),
        )
    )


def _main_version(build: GoBuild) -> str:
    """The main module's version; "" where the build knew none."""
    main = build.main
    if main is None:
        return ""
    if main.version and main.version != _DEVEL:
        return main.version
    flags = build.settings.get("-ldflags", "")[:_LONGEST_FLAGS]
    for match in _LINKED.finditer(flags):
        ours = match["path"] == "main" or match["path"].startswith(main.path)
        if ours and match["name"].lower() in _VERSION_NAMES:
            return match["version"]
    return ""
