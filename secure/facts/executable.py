"""What one compiled program or shared library tells of itself and of its hardening."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from secure.facts.location import Location


class ExecutableKind(StrEnum):
    PROGRAM = "program"
    LIBRARY = "library"


class Relro(StrEnum):
    """How much of its link tables a program can no longer write once it runs."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class PackageNote(msgspec.Struct, frozen=True, gc=False):
    """The package that a program was built for, as its linker was told.

    Args:
        type: "rpm", "deb", "apk", "alpm" …
        name: of the source package.
        os, os_version: as os-release has them, lower case; "" where the note does not say.
        cpe: CPE 2.3 name of the software; "".

    Source: UAPI group, "Package Metadata for Executable Files".
    """

    type: str
    name: str
    version: str
    os: str = ""
    os_version: str = ""
    arch: str = ""
    cpe: str = ""


class ExecutableFact(msgspec.Struct, frozen=True, gc=False):
    """One ELF program or shared library. `None` means: this file does not say.

    Args:
        machine: processor, e.g. "x86_64", "aarch64"; "machine 62" where the number has no name.
        pie: its code can be loaded anywhere (true of every library).
        relro: partial also where a program has no dynamic table that could say "now".
        nx: its stack cannot be executed.
        canary: it was compiled with a stack protector that at least one function uses. Unknown
            for a static program without symbols.
        stripped: it has no symbol table beside the one for dynamic linking.
        static: a program that loads no library.
        build_id: GNU build-id, hex; "" without one.
        owned: a distribution package of the image says that this file is its own; None where
            nobody compared them.
        note: None without one.
    """

    location: Location
    kind: ExecutableKind
    machine: str
    pie: bool
    relro: Relro
    nx: bool
    canary: bool | None
    stripped: bool | None
    static: bool
    build_id: str = ""
    owned: bool | None = None
    note: PackageNote | None = None
