"""Rust crates inside programs that cargo-auditable built.

The section `.dep-v0` is a zlib stream of JSON: packages with name, version, source, kind, the
indexes of their dependencies, and which of them is the root.

Source: cargo-auditable, PARSING.md and cargo-auditable.schema.json.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import msgspec

from secure.facts.image import Unreadable
from secure.facts.package import Package
from secure.oci.limits import MIB
from secure.scan.formats.elf import Elf
from secure.scan.formats.pieces import FormatError
from secure.scan.formats.tree import named
from secure.scan.kept_parts import begins_dependencies
from secure.scan.layer_facts import Record
from secure.scan.program import Program

FOUND_BY = "rust-binary"
_SECTION = b".dep-v0"
_MOST_BYTES = 8 * MIB  # unpacked; the format's own advice


class _Crate(msgspec.Struct):
    name: str
    version: str
    source: str = "registry"
    kind: str = "runtime"
    dependencies: list[int] = []


class _Crates(msgspec.Struct):
    packages: list[_Crate]


def read_rust(program: Program) -> Iterator[Record | Unreadable]:
    """The crates that were compiled in; what only the build used is left out.

    Raises:
        FormatError: the list is there but cannot be read.
    """
    packed = _packed(program.form) if isinstance(program.form, Elf) else b""
    if not packed:
        return
    crates = _crates(packed).packages
    for crate in crates:
        if crate.kind == "build":
            continue
        if not named(crate.name, crate.version):
            yield program.unreadable("a Rust crate has no name or no version")
            continue
        package = Package(
            type="cargo",
            name=crate.name,
            version=crate.version,
            location=program.location,
            found_by=FOUND_BY,
        )
        needs = [crates[n].name for n in crate.dependencies if 0 <= n < len(crates)]
        yield Record(package, tuple((name,) for name in needs))


def _packed(elf: Elf) -> bytes:
    section = elf.section(_SECTION)
    if section is not None:
        return elf.pieces.read(section.offset, section.size)
    if elf.sections is not None:
        return b""
    # Its section headers were not kept; what began like a list was, wherever it is.
    _, *more = elf.pieces.ranges()
    return next((content for _, content in more if begins_dependencies(content[:256])), b"")


def _crates(packed: bytes) -> _Crates:
    unpack = zlib.decompressobj()
    try:
        raw = unpack.decompress(packed, _MOST_BYTES)
        if not unpack.eof:
            raise FormatError(f"has Rust dependencies cut off, or over {_MOST_BYTES} bytes")
        return msgspec.json.decode(raw, type=_Crates)
    except zlib.error as cause:
        raise FormatError("has Rust dependencies that are no zlib stream") from cause
    except (msgspec.MsgspecError, RecursionError) as cause:
        raise FormatError("has Rust dependencies that are not what the format demands") from cause
