"""What stands before an entry and changes it: pax records and GNU long names.

Source: POSIX.1-2017, pax, "pax Extended Header"; GNU tar manual, "Sparse Formats"; star(4) for
SCHILY.xattr.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure.errors import ArchiveError
from secure.images.entry import FILE, Entry
from secure.images.tar_header import quoted

_XATTR = b"SCHILY.xattr."
_SPARSE = b"GNU.sparse."
# Container engines ignore global headers, other readers obey them: an archive that uses one for
# these shows two readers two different trees.
_NEVER_GLOBAL = (b"path", b"linkpath", b"size", b"uid", b"gid", _XATTR, _SPARSE)
_MAX_DIGITS = 20


class Extended:
    """Collected for the next entry; `None` means that the entry's own header counts.

    Args:
        path, link, gnu_path, gnu_link: raw names; GNU's come first, as in Go.
        seen: kinds of extended header met so far, to refuse a second one of a kind.
        sparse: GNU.sparse.* keys.
        segments: offset, length, offset, length … of GNU sparse format 0.0.
    """

    __slots__ = (
        "gid", "gnu_link", "gnu_path", "link", "mtime", "path", "seen", "segments", "size",
        "sparse", "uid", "xattrs",
    )  # fmt: skip

    def __init__(self) -> None:
        self.path: bytes | None = None
        self.link: bytes | None = None
        self.gnu_path: bytes | None = None
        self.gnu_link: bytes | None = None
        self.size: int | None = None
        self.uid: int | None = None
        self.gid: int | None = None
        self.mtime: int | None = None
        self.xattrs: dict[bytes, bytes] = {}
        self.sparse: dict[bytes, bytes] = {}
        self.segments: list[int] = []
        self.seen = b""

    def once(self, flag: bytes, where: str) -> None:
        """Note an extended header of a kind.

        Raises:
            ArchiveError: there was one already: readers disagree about which counts.
        """
        if flag in self.seen:
            raise ArchiveError(f"{where}: two extended headers {flag!r} before one entry")
        self.seen += flag

    def add(self, records: bytes, where: str) -> None:
        """Take in the pax records of a local extended header.

        Raises:
            ArchiveError: malformed.
        """
        for key, value in pax_records(records, where):
            if key.startswith(_XATTR):
                self.xattrs[key[len(_XATTR) :]] = value
            elif key.startswith(_SPARSE):
                self._add_sparse(key[len(_SPARSE) :], value, where)
            elif value:  # an empty value takes a global one back; the entry's own header counts
                self._add_plain(key, value, where)

    def _add_plain(self, key: bytes, value: bytes, where: str) -> None:
        match key:
            case b"path":
                self.path = _name(value, where)
            case b"linkpath":
                self.link = _name(value, where)
            case b"size":
                self.size = _decimal(value, where)
            case b"uid":
                self.uid = _decimal(value, where)
            case b"gid":
                self.gid = _decimal(value, where)
            case b"mtime":
                self.mtime = _seconds(value, where)

    def _add_sparse(self, key: bytes, value: bytes, where: str) -> None:
        if key in (b"offset", b"numbytes"):
            # Format 0.0 repeats the two, always in this order.
            if (key == b"numbytes") != bool(len(self.segments) % 2):
                raise ArchiveError(f"{where}: sparse map out of order")
            self.segments.append(_decimal(value, where))
        else:
            self.sparse[key] = _name(value, where)

    def apply(self, entry: Entry) -> None:
        """Put what was collected into the entry that follows."""
        for name in (self.path, self.sparse.get(b"name"), self.gnu_path):
            entry.name = name or entry.name
        for link in (self.link, self.gnu_link):
            entry.link = link or entry.link
        if self.size is not None and entry.kind == FILE:
            entry.size = self.size
        entry.uid = entry.uid if self.uid is None else self.uid
        entry.gid = entry.gid if self.gid is None else self.gid
        entry.mtime = entry.mtime if self.mtime is None else self.mtime
        entry.xattrs = self.xattrs

    @property
    def is_sparse(self) -> bool:
        """The next entry is a sparse file in one of the pax formats."""
        return bool(self.sparse or self.segments)


def pax_records(block: bytes, where: str) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of each record, "LENGTH KEY=VALUE\\n", where LENGTH counts the whole record.

    Raises:
        ArchiveError: a record has another form or another length.
    """
    position, end = 0, len(block)
    while position < end:
        space = block.find(b" ", position, position + _MAX_DIGITS)
        digits = block[position:space] if space > 0 else b""
        if not digits.isdigit():
            raise ArchiveError(f"{where}: a pax record has no length")
        following = position + int(digits)
        if following > end or following <= space + 1 or block[following - 1] != 0x0A:
            raise ArchiveError(f"{where}: a pax record has the wrong length {digits.decode()}")
        key, equals, value = block[space + 1 : following - 1].partition(b"=")
        if not equals or not key:
            raise ArchiveError(f"{where}: a pax record has no key")
        yield key, value
        position = following


def global_mtime(block: bytes, where: str) -> int | None:
    """The only thing that a global header may set here.

    Raises:
        ArchiveError: it sets something that engines would ignore.
    """
    found = None
    for key, value in pax_records(block, where):
        if key.startswith(_NEVER_GLOBAL):
            raise ArchiveError(
                f"{where}: a global pax header sets {quoted(key)}; readers disagree about it",
                do="Write the archive without global headers.",
            )
        if key == b"mtime" and value:
            found = _seconds(value, where)
    return found


def gnu_name(block: bytes, where: str) -> bytes:
    """The content of a GNU long-name entry: the name, then NUL.

    Raises:
        ArchiveError: something is hidden behind the NUL.
    """
    name, _, rest = block.partition(b"\0")
    if rest.strip(b"\0"):
        raise ArchiveError(f"{where}: the long name {quoted(name)} goes on after a NUL")
    return name


def _name(value: bytes, where: str) -> bytes:
    if b"\0" in value:
        raise ArchiveError(f"{where}: the pax name {quoted(value)} holds a NUL")
    return value


def _decimal(value: bytes, where: str) -> int:
    if not value.isdigit() or len(value) > _MAX_DIGITS:
        raise ArchiveError(f"{where}: {quoted(value)} is not a number")
    return int(value)


def _seconds(value: bytes, where: str) -> int:
    whole, _, fraction = value.partition(b".")
    digits = whole.removeprefix(b"-")
    if not digits.isdigit() or (fraction and not fraction.isdigit()) or len(value) > 64:
        raise ArchiveError(f"{where}: {quoted(value)} is not a time")
    seconds = int(whole)
    # Rounded down, as a time before 1970 with a fraction lies before its whole second.
    return seconds - 1 if whole[:1] == b"-" and fraction.strip(b"0") else seconds
