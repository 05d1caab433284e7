"""Where the files of a stored image lie: in an archive, or in a directory."""

from __future__ import annotations

import os
import stat
from typing import Protocol

import msgspec

from secure.errors import (
    ArchiveError,
    DocumentError,
    KernelError,
    LimitExceededError,
    MachineError,
    NotFoundError,
)
from secure.images.blob_file import BlobFile, blob_queue
from secure.images.entry import DIRECTORY, FILE, HARDLINK, KIND_NAMES, SYMLINK, Entry
from secure.images.tar_walk import TarWalk
from secure.kernel.openat2 import RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS, openat2
from secure.oci.document import SizeLimit
from secure.oci.limits import Limits
from secure.oci.platform import Platform

_MOST_HOPS = 8


class Ask(msgspec.Struct, frozen=True):
    """What to open.

    Args:
        reference: as the user wrote it, for messages and reports.
        selector: what followed the path: a tag, a name or a digest; "" for none.
        platform: None takes this machine's where there is a choice, and else what is there.
        machine: the platform of this machine.
    """

    reference: str
    selector: str
    platform: Platform | None
    machine: Platform
    limits: Limits


class Tree(Protocol):
    """Named files of a stored image."""

    def has(self, name: str) -> bool:
        """A regular file of that name is there, not through a link."""

    def document(self, name: str, limit: SizeLimit) -> bytes:
        """A small file, whole.

        Raises:
            NotFoundError: there is none.
            ArchiveError: it is a link or no file: a document is never read through one.
            LimitExceededError: it is larger.
        """

    def blob(self, name: str) -> BlobFile:
        """A file of any size; links are followed inside the tree only."""

    def close(self) -> None: ...


class ArchiveTree:
    """An uncompressed tar archive, indexed by one pass that reads headers only.

    Raises:
        ArchiveError: malformed or hostile; a file is in it twice.
    """

    def __init__(self, fd: int, ask: Ask) -> None:
        self._fd, self._where, self._limits = fd, f'"{ask.reference}"', ask.limits
        self._files: dict[bytes, BlobFile] = {}
        self._links: dict[bytes, bytes] = {}
        whole = BlobFile(fd, 0, os.fstat(fd).st_size)
        walk = TarWalk(blob_queue(whole), ask.limits, self._where, end_required=True)
        for entry in walk:
            if entry.kind != DIRECTORY:
                self._add(entry, walk.offset)

    def _add(self, entry: Entry, offset: int) -> None:
        name = entry.name
        if name in self._files or name in self._links:
            raise ArchiveError(
                f"{self._where}: {_shown(name)} is in the archive twice; readers disagree about it"
            )
        if entry.sparse:
            raise ArchiveError(f"{self._where}: {_shown(name)} is a sparse file")
        if entry.kind == FILE:
            self._files[name] = BlobFile(self._fd, offset, entry.size)
        elif entry.kind == HARDLINK:
            self._links[name] = entry.link
        elif entry.kind == SYMLINK:
            directory = name.rpartition(b"/")[0]
            self._links[name] = os.path.normpath(os.path.join(b"/", directory, entry.link))[1:]
        else:
            raise ArchiveError(
                f"{self._where}: {_shown(name)} is a {KIND_NAMES[entry.kind]}, and no archive of an"
                " image holds one",
                do="If it is a root file system, unpack it and give the directory.",
            )

    def has(self, name: str) -> bool:
        """See `Tree`."""
        return name.encode() in self._files

    def document(self, name: str, limit: SizeLimit) -> bytes:
        """See `Tree`."""
        if name.encode() in self._links:
            raise ArchiveError(f'{self._where}: "{name}" is a link, and no document is read by one')
        blob = self.blob(name)
        return _bounded(blob, name, limit, self._limits)

    def blob(self, name: str) -> BlobFile:
        """See `Tree`."""
        wanted = os.fsencode(name)
        for _ in range(_MOST_HOPS):
            if (found := self._files.get(wanted)) is not None:
                return found
            if (target := self._links.get(wanted)) is None:
                break
            wanted = target
        raise NotFoundError(
            f"{self._where}: there is no {_shown(os.fsencode(name))} in the archive",
            do="The archive is incomplete; save the image again.",
        )

    def close(self) -> None:
        """Close the archive."""
        os.close(self._fd)


class DirectoryTree:
    """A directory of the host; nothing outside it is reachable by its names.

    Args:
        fd: the directory, opened; closed with the tree.
    """

    def __init__(self, fd: int, ask: Ask) -> None:
        self.fd, self._where, self._limits = fd, f'"{ask.reference}"', ask.limits
        self._open: list[int] = []

    def has(self, name: str) -> bool:
        """See `Tree`."""
        try:
            return stat.S_ISREG(os.stat(name, dir_fd=self.fd, follow_symlinks=False).st_mode)
        except OSError:
            return False

    def document(self, name: str, limit: SizeLimit) -> bytes:
        """See `Tree`."""
        try:
            is_link = stat.S_ISLNK(os.lstat(name, dir_fd=self.fd).st_mode)
        except OSError:
            is_link = False
        # blobs may be links (git checkouts of images have them); their digest is checked.
        if is_link and not name.startswith("blobs/"):
            raise ArchiveError(f'{self._where}: "{name}" is a link, and no document is read by one')
        blob = self.blob(name)
        return _bounded(blob, name, limit, self._limits)

    def blob(self, name: str) -> BlobFile:
        """See `Tree`."""
        try:
            fd = openat2(
                self.fd,
                os.fsencode(name),
                # A FIFO or device in the place of a blob must not make us wait.
                os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY,
                RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
            )
        except KernelError as cause:
            raise NotFoundError(
                f'{self._where}: cannot open "{name}": {cause.what}',
                do="The image is incomplete; fetch it again.",
            ) from cause
        self._open.append(fd)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise ArchiveError(f'{self._where}: "{name}" is not a regular file')
        return BlobFile(fd, 0, status.st_size)

    def close(self) -> None:
        """Close the directory and every blob that was opened."""
        for fd in (*self._open, self.fd):
            os.close(fd)
        self._open.clear()


def open_path(path: str) -> int | None:
    """A descriptor of a file or directory; None if there is none of that name.

    Raises:
        MachineError: it is there but cannot be opened.
    """
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else str(cause)
        raise MachineError(f'cannot open "{path}": {why}') from cause


def checked_names(names: tuple[str, ...] | None, where: str) -> tuple[str, ...]:
    """Paths that a document gives for files of its tree.

    Raises:
        DocumentError: one is absolute, empty or has "..".
    """
    for name in names or ():
        if not name or name.startswith("/") or ".." in name.split("/") or "\0" in name:
            raise DocumentError(f"{where}: {name[:200]!r} is not the path of a member")
    return names or ()


def _bounded(blob: BlobFile, name: str, limit: SizeLimit, limits: Limits) -> bytes:
    bound = getattr(limits, limit)
    if blob.size > bound:
        raise LimitExceededError(limit, f'"{name}"', f"{bound} bytes")
    return blob.read_all()


def _shown(name: bytes) -> str:
    from secure.images.tar_header import quoted

    return quoted(name)
