"""Executables of a layer, told by their first bytes: what they are made of, and how hardened.

Each is offered to all readers, so that one program can be a Go build and a known server.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from secure.facts.executable import PackageNote
from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.images.entry import Entry
from secure.oci.limits import GIB
from secure.scan.catalogers.go_binary import read_go
from secure.scan.catalogers.pe_version import read_pe_version
from secure.scan.catalogers.rust_binary import read_rust
from secure.scan.classified import Classified
from secure.scan.formats.elf import MAGIC as ELF_MAGIC
from secure.scan.formats.elf import Elf, parse_elf
from secure.scan.formats.pe import MAGIC as PE_MAGIC
from secure.scan.formats.pe import Pe, parse_pe
from secure.scan.formats.pieces import FormatError
from secure.scan.hardening import executable_fact
from secure.scan.kept_parts import kept_parts
from secure.scan.layer_facts import Catalogued, ExecutableMark, Record
from secure.scan.package_notes import package_note
from secure.scan.program import Program, Reader

MAGICS = (ELF_MAGIC, PE_MAGIC)
READERS: tuple[Reader, ...] = (read_go, read_rust, read_pe_version)
FOUND_BY = "executable"
# Looked at by classifiers in one layer. Real programs of known names have some 300 MiB at 1 GB/s;
# what is made to be slow takes 0.4 s for a MiB.
_MOST_CLASSIFIED = 1 * GIB


class Executables:
    """Collects what the executables of one layer say; `unreadable` is everyone's list."""

    def __init__(self, unreadable: list[Unreadable]) -> None:
        self._unreadable = unreadable
        self.marks: dict[bytes, ExecutableMark] = {}
        self.names: set[bytes] = set()
        self._left = _MOST_CLASSIFIED

    def read(self, entry: Entry, head: bytes) -> Catalogued | None:
        """One executable whose content begins with `head`; the packages found in it.

        The entry's content is read to its end.
        """
        name = entry.name
        self.names.add(name)
        classified = Classified(name)
        if classified.wanted:
            self._left -= entry.size
        wanted = classified.wanted and self._left >= 0
        if classified.wanted and not wanted:
            why = f"not searched for its version: over {_MOST_CLASSIFIED} bytes of known programs"
            self._unreadable.append(Unreadable(text(name), 0, why))
        # Who finds no version needs no digest; of what is not held it has to be made beforehand.
        digest = hashlib.sha512() if wanted and len(head) < entry.size else None
        look = classified.look if wanted else _nobody
        pieces = kept_parts(entry, head, look, digest.update if digest else None)
        records = []
        try:
            form = parse_elf(pieces) if head.startswith(ELF_MAGIC) else parse_pe(pieces)
            if form is None:
                return None
            records += self._offered(Program(name, form))
            if not isinstance(form, Pe) and (fact := executable_fact(name, form)) is not None:
                note = self._note(name, form)
                self.marks[name] = ExecutableMark(name, msgspec.structs.replace(fact, note=note))
        except FormatError as cause:
            self._cannot(name, cause)
        found = list(classified.records())
        if found:
            records += _with_digest(found, (digest or hashlib.sha512(head)).hexdigest())
        return Catalogued(name, FOUND_BY, tuple(records)) if records else None

    def forget(self, name: bytes) -> None:
        """Another entry of the layer takes the place of an executable."""
        self.names.discard(name)
        self.marks.pop(name, None)

    def _offered(self, program: Program) -> list[Record]:
        records: list[Record] = []
        for read in READERS:
            try:
                for item in read(program):
                    if isinstance(item, Unreadable):
                        self._unreadable.append(item)
                    else:
                        records.append(item)
            except FormatError as cause:
                self._cannot(program.name, cause)
        return records

    def _note(self, name: bytes, elf: Elf) -> PackageNote | None:
        try:
            return package_note(elf)
        except FormatError as cause:
            self._cannot(name, cause)
        return None

    def _cannot(self, name: bytes, cause: FormatError) -> None:
        self._unreadable.append(Unreadable(text(name), 0, f"executable: {cause}"))


def _with_digest(records: Iterable[Record], digest: str) -> Iterator[Record]:
    """Each with the SHA-512 of the program, which is the package: BSI TR-03183-2 asks for it."""
    hashes = (("sha512", digest),)
    for record in records:
        package = msgspec.structs.replace(record.package, hashes=hashes)
        yield msgspec.structs.replace(record, package=package)


def _nobody(content: bytes) -> None:
    """Looks at nothing."""
