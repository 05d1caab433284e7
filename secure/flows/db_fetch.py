"""What an update fetches, from which servers, and where it is kept until the next one.

Beside each file is what its server said of it, so that an unchanged one is not sent again.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from secure.errors import (
    DigestMismatchError,
    DocumentError,
    InputError,
    MachineError,
    NotFoundError,
)
from secure.facts.image import Unreadable
from secure.kernel.whole_files import write_all, write_whole
from secure.oci.limits import DEFAULT_LIMITS, GIB, MIB
from secure.store.atomic import make_private_dir, remove_quietly
from secure.store.download import Patience, UnreachableError, digest_of, download
from secure.store.paths import cache_dir
from secure.vulns.native import feed_of, is_native
from secure.vulns.osv import Advisory, Refused
from secure.vulns.records import check_members
from secure.vulns.tables import is_table, tables_of

_MOST_BYTES = DEFAULT_LIMITS.feed_bytes
_MOST_READ = 4 * GIB  # of one file of advisories; OSV's largest export has some 300 MiB
LIST_BYTES = 64 * MIB  # of a list of ids; the longest public ones have some 10
MOST_ADDED = 64 * MIB  # of records that came one by one; then the whole is fetched again
TABLE_BYTES = DEFAULT_LIMITS.database_bytes  # no more of one is read
_MOST_SMALL = 16 * MIB


class Job(NamedTuple):
    """One thing to bring up to date: True where it was, and the files that come of it."""

    name: str
    work: Callable[[], bool]
    files: tuple[str, ...] = ()


def check_advisories(path: str) -> None:
    """Read it once as a build would: damage shows at the end.

    Of an export of OSV's the list of members is enough: a damaged one costs no other.

    Raises:
        InputError: it is damaged, or nothing in it can be used.
    """
    base = os.path.basename(path)
    if base.endswith(".zip") and not (is_native(base) or is_table(base)):
        check_members(path, DEFAULT_LIMITS)
        return
    _, advisories = tables_of([path], DEFAULT_LIMITS)
    if not advisories:
        return
    entries = iter(feed_of(path, DEFAULT_LIMITS).entries)
    first = next(entries, None)
    used = isinstance(first, Advisory)
    for one in entries:
        used = used or isinstance(one, Advisory)
    if isinstance(first, Refused | Unreadable) and not used:
        raise DocumentError(f"nothing in it can be used: {first.why}")


class Fetch:
    """Files of one update, by name.

    Args:
        servers: of one's own, in this order; () where every feed has its usual one.
    """

    def __init__(self, servers: tuple[str, ...], patience: Patience) -> None:
        self.folder = os.path.join(cache_dir(), "vulndb", "downloads")
        self._servers = [url.rstrip("/") for url in servers]
        self._patience = patience
        self._silent: set[str] = set()  # hosts to which no connection came about
        self._answered = False
        make_private_dir(os.path.join(self.folder, "incoming"))

    def path(self, name: str) -> str:
        """Where the file called `name` is kept."""
        return os.path.join(self.folder, name.replace("/", "_"))

    def at(self, name: str, *usual: str) -> list[str]:
        """Addresses of what is called `name`: below one's own servers, or the usual ones."""
        return [f"{base}/{quote(name)}" for base in self._servers] or list(usual)

    def get(
        self, urls: list[str], name: str, max_bytes: int = _MOST_BYTES, digest: str = ""
    ) -> bool:
        """Bring one file up to date; True where it was. See `download`."""
        return self._download(urls, self.path(name), max_bytes, digest)

    def _download(self, urls: list[str], path: str, max_bytes: int, digest: str) -> bool:
        """`download`, but no host is waited for again that could not be connected to before."""
        rest = [url for url in urls if _host(url) not in self._silent]
        if not rest:
            raise UnreachableError(
                f'"{urls[0]}" was not asked for: its server did not answer before'
            )
        # Without network each of a dozen hosts would be waited for.
        once = bool(self._silent) and not self._answered
        patience = msgspec.structs.replace(self._patience, attempts=1) if once else self._patience
        try:
            found = download(rest, path, max_bytes, patience, digest)
        except UnreachableError as cause:
            if cause.silent:
                self._silent |= {_host(url) for url in rest}
            raise
        except NotFoundError:
            self._answered = True
            raise
        self._answered = True
        return found

    def text(self, urls: list[str], name: str) -> str:
        """A small file, as it is now."""
        self.get(urls, name, _MOST_SMALL)
        with open(self.path(name), "rb") as file:
            return file.read(_MOST_SMALL).decode("utf-8", "replace")

    def sound(
        self,
        urls: list[str],
        name: str,
        digest: str = "",
        check: Callable[[str], object] = check_advisories,
        max_bytes: int = _MOST_READ,
    ) -> bool:
        """`get` of a file that replaces the former one only if it can be read.

        Args:
            check: raises InputError for the file at a path.

        Raises:
            InputError: it cannot be had, or is no such file; the former one is kept.
        """
        if digest and self._has(self.path(name), digest):
            return False
        new = self.incoming(name)
        self._download(urls, new, max_bytes, digest)
        if digest and not self._has(new, digest):
            raise DigestMismatchError(f'"{urls[0]}" has not the digest that it must have')
        return self.accept(name, check)

    def incoming(self, name: str) -> str:
        """Where a file waits that was not read yet. Once it was, both are one file."""
        return os.path.join(self.folder, "incoming", name.replace("/", "_"))

    def accept(self, name: str, check: Callable[[str], object] = check_advisories) -> bool:
        """Put what waits in the place of the former one, if it can be read.

        Raises:
            InputError: it cannot; the former one is kept.
        """
        path, new = self.path(name), self.incoming(name)
        if os.path.exists(path) and os.path.samefile(path, new):
            return False
        try:
            check(new)
        except InputError:
            _forget(new)
            raise
        _link(new, path)
        return True

    def link(self, name: str, other: str) -> None:
        """Have what is called `name` also be what is called `other`, until the next is fetched.

        Raises:
            FileNotFoundError: it is not there.
        """
        _link(self.path(name), self.path(other))

    def forget(self, name: str) -> None:
        """Have the next update ask for it anew, whatever its server said of it."""
        _forget(self.path(name))

    @staticmethod
    def _has(path: str, digest: str) -> bool:
        algorithm, _, told = digest.partition(":")
        return os.path.exists(path) and digest_of(path, algorithm) == told

    def pairs(self, name: str, column: int = 0) -> dict[str, str] | None:
        """A list of two columns, by what is in `column`; None where there is no list."""
        try:
            with open(self.path(name), encoding="utf-8", errors="replace", newline="") as file:
                return {row[column]: row[1 - column] for row in csv.reader(file) if len(row) == 2}
        except (FileNotFoundError, csv.Error):
            return None

    def size(self, name: str) -> int:
        """Bytes; 0 where there is no such file."""
        path = self.path(name)
        return os.path.getsize(path) if os.path.exists(path) else 0

    def add_lines(self, name: str, records: Iterable[bytes]) -> None:
        """Add records to a file that has one in each line: all that `records` has, or none.

        Only one of them is held at a time.
        """
        path = self.path(name)

        def fill(fd: int) -> None:
            with suppress(FileNotFoundError), open(path, "rb") as file:
                for piece in iter(lambda: file.read(MIB), b""):
                    write_all(fd, piece)
            for raw in records:
                # A line break inside of JSON is space between its tokens.
                write_all(fd, raw.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n")

        try:
            write_whole(path, fill)
        except OSError as cause:
            raise MachineError(f'cannot write "{path}": {cause.strerror}') from cause


def _host(url: str) -> str:
    """Of what may be no address at all: `download` says so."""
    return url.partition("://")[2].partition("/")[0]


def _link(path: str, other: str) -> None:
    remove_quietly(f"{other}.link")
    os.link(path, f"{other}.link")
    os.rename(f"{other}.link", other)
    # Of two names of one file rename(2) does nothing, and both stay.
    remove_quietly(f"{other}.link")


def _forget(path: str) -> None:
    remove_quietly(f"{path}.json")
    remove_quietly(path)
