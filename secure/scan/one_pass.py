"""The pass over one layer: every entry is offered to all who may want it.

Content is read at most once, bounded, and never written anywhere. What is not read (too large, a
link where a file should be, undecodable) becomes an `Unreadable`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import msgspec

from secure.facts.files import ACCOUNT_PLACES, Account, Group, OsRelease
from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.images.entry import DIRECTORY, FILE, HARDLINK, SYMLINK, Entry
from secure.oci.limits import MIB, Limits
from secure.scan import accounts, os_release
from secure.scan.cataloger import Cataloger, FileView, Wanted
from secure.scan.catalogers import CATALOGERS
from secure.scan.covers import folders
from secure.scan.executables import MAGICS, Executables
from secure.scan.file_facts import file_fact
from secure.scan.layer_facts import Catalogued, Detail, FileMark, LayerFacts, Record, Shadow
from secure.scan.links import DatabasePaths, resolved
from secure.scan.names import Names
from secure.scan.owned_files import OwnedFiles
from secure.scan.shared_files import spread
from secure.scan.store_files import BRACE, StoreFiles

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.scan.secrets.files import FileSearch

_WHITEOUT = b".wh."
_OPAQUE = b".wh..wh..opq"
_EXECUTE = 0o111
_SIGN_BYTES = 4
_SOME = 1_023  # so many entries are taken before their names are joined
_READ_ON = (*MAGICS, BRACE)  # how files begin that are read on for more than secrets
_NEAR_THE_ROOT = 2  # "bin", "lib64", "usr/sbin", "var/run" stand for directories
_SYSTEM_FILES = frozenset(
    (*os_release.CANDIDATES, accounts.PASSWD, accounts.SHADOW, accounts.GROUP)
)
_ACCOUNTS = frozenset(place.encode() for place in ACCOUNT_PLACES)


class OnePass:
    """Collects the facts of one layer; use it once.

    Args:
        search: new, for this layer alone; None looks for no secrets.
    """

    def __init__(self, search: FileSearch | None, limits: Limits) -> None:
        self._limits, self._search = limits, search
        self._head_bytes = limits.secrets_file_bytes if search is not None else _SIGN_BYTES
        self._wanted = Wanted(CATALOGERS)
        self._above = DatabasePaths(self._wanted)
        self._catalogued: dict[bytes, Catalogued] = {}
        self._files: dict[bytes, FileMark] = {}
        self._os_releases: dict[bytes, OsRelease] = {}
        self._accounts: dict[bytes, tuple[Account, ...]] = {}
        self._shadows: dict[bytes, tuple[Shadow, ...]] = {}
        self._groups: dict[bytes, tuple[Group, ...]] = {}
        self._links: dict[bytes, bytes] = {}
        self._stored = StoreFiles()
        self._unreadable: list[Unreadable] = []
        self._executables = Executables(self._unreadable)
        self._programs = self._executables.names
        self._taken, self._directories = Names(), Names()
        self._sizes = array("Q")
        self._hardlinks: dict[bytes, bytes] = {}
        self._whiteouts: list[bytes] = []
        self._opaques: list[bytes] = []

    def run(self, entries: Iterable[Entry]) -> LayerFacts:
        """Read all entries. What `entries` raises goes through: the layer is void then."""
        count = size = 0
        for entry in entries:
            count += 1
            if not count & _SOME:
                self._taken.compact()
            size += entry.size
            if _WHITEOUT in entry.name and self._is_whiteout(entry.name):
                continue
            self._take(entry)
        if self._search is not None:
            self._search.finish()
            self._unreadable += self._search.unreadable
        spread(self._files, self._hardlinks)
        found = LayerFacts(
            catalogued=tuple(self._catalogued.values()),
            files=tuple(self._files.values()),
            executables=tuple(self._executables.marks.values()),
            secrets=tuple(self._search.results) if self._search is not None else (),
            secrets_searched=self._search is not None,
            os_releases=self._os_releases,
            accounts=self._accounts,
            shadows=self._shadows,
            groups=self._groups,
            links=self._links,
            hardlinks=self._hardlinks,
            unreadable=tuple(self._unreadable),
            entries=count,
            uncompressed_bytes=size,
            taken=self._taken.joined(),
            sizes=self._sizes.tobytes(),
            directories=self._directories.joined(),
            whiteouts=tuple(self._whiteouts),
            opaques=tuple(self._opaques),
        )
        return msgspec.structs.replace(found, folders=folders(found))

    def _is_whiteout(self, name: bytes) -> bool:
        directory, _, last = name.rpartition(b"/")
        if not last.startswith(_WHITEOUT):
            return False
        if last == _OPAQUE:
            self._opaques.append(directory)
        elif not last.startswith(_WHITEOUT + _WHITEOUT):  # aufs keeps its own records there
            hidden = last[len(_WHITEOUT) :]
            self._whiteouts.append(directory + b"/" + hidden if directory else hidden)
        return True

    def _take(self, entry: Entry) -> None:
        name, kind = entry.name, entry.kind
        fact = file_fact(entry)
        if fact is not None:
            self._files[name] = FileMark(name, fact, kind == DIRECTORY)
        elif self._files:
            # A second entry of one name replaces the first, on disk and here.
            self._files.pop(name, None)
        if kind == DIRECTORY:
            self._directories.append(name)
            if (interested := self._wanted.directory(name)) is not None:
                self._catalogue(FileView(name, b""), interested)
            return
        if name in self._programs:
            self._executables.forget(name)
            self._catalogued.pop(name, None)
        self._taken.append(name)
        self._sizes.append(entry.size << 1 | (kind == FILE and entry.mode & _EXECUTE != 0))
        cataloger = self._wanted.cataloger(name)
        if kind == FILE:
            self._take_file(entry, cataloger)
        elif kind in (SYMLINK, HARDLINK):
            self._take_link(entry, cataloger)
        elif cataloger is not None:
            self._cannot(name, "is a device or a FIFO in the place of a package database")

    def _take_file(self, entry: Entry, cataloger: Cataloger | None) -> None:
        name, size = entry.name, entry.size
        if cataloger is None and name not in _SYSTEM_FILES and not _is_variant(name):
            if size:
                head = entry.read(self._head_bytes)
                if self._search is not None:
                    self._look_for_secrets(entry, head)
                elif head.startswith(_READ_ON):
                    head = entry.read(self._limits.secrets_file_bytes, head)
                self._stored.offer(name, head)
                if head.startswith(MAGICS):
                    self._take_executable(entry, head)
            return
        self._forget(name)
        most = cataloger.max_bytes if cataloger else os_release.MAX_BYTES
        if name in (accounts.PASSWD, accounts.SHADOW, accounts.GROUP):
            most = accounts.MAX_BYTES
        whole = 0 if cataloger and cataloger.streamed else most
        content = entry.read(max(whole, self._limits.secrets_file_bytes))
        if size > most:
            self._cannot(name, f"has {size} bytes; at most {most} are read")
        else:
            self._parse(FileView(name, content, entry.chunks), cataloger)
        if cataloger is None or not cataloger.database:
            content = content[: self._limits.secrets_file_bytes]
        # A package database is searched as far as it was read: a part left out would have to be
        # told, and what is told of a database makes the facts incomplete. Of an archive read as a
        # stream only the beginning is at hand; that is told of its inside ("!/").
        inside = b"!/" if cataloger and cataloger.streamed else b""
        self._look_for_secrets(entry, content, inside)

    def _take_executable(self, entry: Entry, head: bytes) -> None:
        found = self._executables.read(entry, head)
        if found is not None:
            self._catalogued[entry.name] = found

    def _parse(self, file: FileView, cataloger: Cataloger | None) -> None:
        if cataloger is not None:
            self._catalogue(file, cataloger)
        elif file.name == accounts.PASSWD:
            parsed = tuple(accounts.parse_passwd(file))
            self._accounts[file.name] = tuple(a for a in parsed if isinstance(a, Account))
            self._unreadable += [a for a in parsed if isinstance(a, Unreadable)]
        elif file.name == accounts.SHADOW:
            lines = tuple(accounts.parse_shadow(file))
            self._shadows[file.name] = tuple(a for a in lines if isinstance(a, Shadow))
            self._unreadable += [a for a in lines if isinstance(a, Unreadable)]
        elif file.name == accounts.GROUP:
            found = tuple(accounts.parse_group(file))
            self._groups[file.name] = tuple(a for a in found if isinstance(a, Group))
            self._unreadable += [a for a in found if isinstance(a, Unreadable)]
        else:
            self._os_releases[file.name] = os_release.parse_release(file.name, file.content)

    def _catalogue(self, file: FileView, cataloger: Cataloger) -> None:
        records: list[Record] = []
        details: list[Detail] = []
        files: OwnedFiles | None = None
        for item in cataloger.parse(file):
            if isinstance(item, Unreadable):
                self._unreadable.append(item)
            elif isinstance(item, OwnedFiles):
                files = item
            elif isinstance(item, Detail):
                details.append(item)
            else:
                records.append(item)
        self._catalogued[file.name] = Catalogued(
            file.name, cataloger.name, tuple(records), files, tuple(details)
        )

    def _look_for_secrets(self, entry: Entry, content: bytes, inside: bytes = b"") -> None:
        if self._search is None:
            return
        if entry.size > len(content):
            most = len(content) // MIB
            why = f"has {entry.size} bytes; the first {most} MiB were searched for secrets"
            path = text(entry.name + inside)
            self._unreadable.append(Unreadable(path, 0, why, secrets=True))
        self._search.offer(entry.name, content)

    def _take_link(self, entry: Entry, cataloger: Cataloger | None) -> None:
        name = entry.name
        leads_to = entry.link if entry.kind == HARDLINK else resolved(name, entry.link)
        if entry.kind == HARDLINK:
            self._hardlinks[name] = leads_to
        if name in _SYSTEM_FILES or _is_variant(name):
            self._forget(name)
            self._links[name] = leads_to
        elif entry.kind == SYMLINK and name.count(b"/") < _NEAR_THE_ROOT:
            self._links[name] = leads_to
        if name in _ACCOUNTS and leads_to != name:
            self._cannot(name, f"is a link to {text(entry.link)}, which is not followed")
        if cataloger is not None:
            self._forget(name)
            self._link_to_database(name, leads_to, cataloger, entry.kind)
        elif name in self._above and (hidden := self._above.hidden_by(name, entry.link)):
            shown = ", ".join(text(path) for path in hidden)
            self._cannot(name, f"is a link to {text(entry.link)} and hides {shown}")

    def _link_to_database(
        self, name: bytes, leads_to: bytes, cataloger: Cataloger, kind: int
    ) -> None:
        if kind == HARDLINK and (same := self._catalogued.get(leads_to)) is not None:
            # Package installers link one file into many environments.
            self._catalogued[name] = msgspec.structs.replace(same, name=name)
        elif kind == HARDLINK and (content := self._stored.get(leads_to)) is not None:
            self._catalogue(FileView(name, content), cataloger)
        elif kind == HARDLINK or self._wanted.cataloger(leads_to) is not cataloger:
            self._cannot(name, f"is a link to {text(leads_to)}, which is not followed")

    def _forget(self, name: bytes) -> None:
        for facts in (
            self._catalogued, self._os_releases, self._accounts, self._shadows, self._groups,
            self._links,
        ):  # fmt: skip
            facts.pop(name, None)

    def _cannot(self, name: bytes, why: str) -> None:
        self._unreadable.append(Unreadable(text(name), 0, why))


def _is_variant(name: bytes) -> bool:
    folder = os_release.VARIANTS_DIRECTORY
    return name.startswith(folder) and name.rpartition(b"/")[0] == folder
