"""The vulnerability database, open for reading: by many processes at once, from one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Self

import msgspec

from secure.errors import NotFoundError
from secure.vulns import blocks, schema
from secure.vulns.compact import Affected
from secure.vulns.database_file import DatabaseFile, open_file, unpack
from secure.vulns.database_status import DatabaseStatus, ecosystems_of, status_of
from secure.vulns.identifiers import bucket_of, numbers_in
from secure.vulns.osv import Severity
from secure.vulns.schema import (
    AdvisoryHead,
    Description,
    Exploited,
    Lifetime,
    Probability,
    StoredHead,
)

_MILLION = 1_000_000
# All names of one ecosystem in one statement: as many statements take twice as long.
_AFFECTED = (
    "SELECT key, (SELECT coalesce(content, 0) FROM affected WHERE ecosystem = ? AND first <= value"
    " ORDER BY first DESC LIMIT 1) FROM json_each(?)"
)
# SQLite ends a text from JSON at its first NUL: such names, which only hostile data has, are bound.
_ONE = (
    "SELECT ?, (SELECT coalesce(content, 0) FROM affected WHERE ecosystem = ? AND first <= ?"
    " ORDER BY first DESC LIMIT 1)"
)
_KEV = "SELECT cve, content FROM kev WHERE cve IN (SELECT value FROM json_each(?))"
_EPSS = "SELECT cve, score, percentile FROM epss WHERE cve IN (SELECT value FROM json_each(?))"
_HEADS = "SELECT content FROM advisory WHERE first = ?"
_DESCRIPTION = "SELECT first, content FROM description WHERE first <= ? ORDER BY first DESC LIMIT 1"
_KEPT_HEADS = 256  # blocks of heads, 10 KiB each: those of one distribution are asked for often


def open_database(path: str) -> Database:
    """Open the file at `path`, which nobody writes to any more.

    Raises:
        NotFoundError: there is no such file.
        UnsupportedError: a database of another version, or another kind of file.
        TamperedError: it is damaged.
    """
    file = open_file(path)
    try:
        return Database(file)
    except BaseException:
        file.close()
        raise


class Database:
    """One open file; also a context manager. Made by `open_database`.

    Raises:
        TamperedError: from every method, where the file turns out to be damaged.
    """

    def __init__(self, file: DatabaseFile) -> None:
        self._file, self.path = file, file.path
        self._ecosystems: dict[str, int] = {}
        for number, name in file.rows("SELECT number, name FROM ecosystem"):
            self._ecosystems[str(name)] = file.whole(number)
        self._feeds = file.pairs("SELECT number, name FROM feed")
        self._of_lists = file.dictionary()
        self._heads: dict[int, tuple[msgspec.Raw, ...]] = {}  # blocks by their first number
        self._prose: tuple[object, bytes] = (None, b"")  # one block: what is shown comes in runs
        self._severities: dict[int, Severity] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def affected(self, ecosystem: str, name: str) -> tuple[Affected, ...]:
        """What advisories say of the package `name` of `ecosystem`, by number; () where none do."""
        return self.affected_by_name(ecosystem, (name,)).get(name, ())

    def affected_by_name(
        self, ecosystem: str, names: Iterable[str]
    ) -> dict[str, tuple[Affected, ...]]:
        """The same for many packages of one ecosystem; those that nothing is known of are left out.

        Sorted names read the file in its order.
        """
        number = self._ecosystems.get(ecosystem)
        if number is None:
            return {}
        asked = list(names)
        found = {}
        last, group = None, b""
        file, unpacker = self._file, self._of_lists
        with file.reading:
            ask = file.connection.execute
            odd = ((at, number, name) for at, name in enumerate(asked) if "\0" in name)
            for at, content in chain(
                ask(_AFFECTED, (number, _list(asked))), *(ask(_ONE, one) for one in odd)
            ):
                if content is None:
                    continue  # before the first package of all
                if content != last:  # else its neighbour was asked for
                    last, group = content, unpack(file.blob(content), unpacker)
                name = asked[at]
                if name.encode() in group:  # most are not: nothing is decoded for them
                    known = blocks.GROUP.decode(group)
                    if name in known:
                        found[name] = schema.AFFECTED.decode(known[name])
        return found

    def advisory(self, number: int) -> AdvisoryHead:
        """The head of one advisory.

        Raises:
            NotFoundError: there is none with this number.
        """
        head = self._head(number)
        if head is not None:
            return AdvisoryHead(
                number=number,
                id=head.id,
                aliases=head.aliases,
                related=head.related,
                upstream=head.upstream,
                severities=tuple(map(self._severity, head.severities)),
                published=schema.rfc3339(head.published),
                modified=schema.rfc3339(head.modified),
                withdrawn=schema.rfc3339(head.withdrawn),
                feed=str(self._feeds.get(head.feed, "")),
                disputed=head.disputed,
            )
        raise NotFoundError(f"advisory number {number} is not in the database")

    def _head(self, number: int) -> StoredHead | None:
        first = (number - 1) // schema.HEADS_AT_ONCE * schema.HEADS_AT_ONCE + 1
        if first not in self._heads:
            if len(self._heads) >= _KEPT_HEADS:
                self._heads.clear()
            for (content,) in self._file.rows(_HEADS, first):
                self._heads[first] = self._file.decoded(schema.HEADS, self._file.unpacked(content))
        heads = self._heads.get(first, ())
        at = number - first
        return self._file.decoded(schema.HEAD, bytes(heads[at])) if 0 <= at < len(heads) else None

    def description(self, number: int) -> Description:
        """Prose and references of one advisory; empty where it is withdrawn."""
        for first, content in self._file.rows(_DESCRIPTION, number):
            if first != self._prose[0]:
                self._prose = first, self._file.unpacked(content)
            at = number - self._file.whole(first)
            head = self._head(number)
            with self._file.reading:
                return blocks.prose_at(self._prose[1], at, blocks.short_names(head) if head else ())
        return Description()

    def by_id(self, identifier: str) -> tuple[int, ...]:
        """Numbers of the advisories that have this id or alias."""
        return tuple(
            number
            for number, head in self._told_of(identifier)
            if identifier in (head.id, *head.aliases)
        )

    def naming(self, identifier: str) -> tuple[int, ...]:
        """Those of `by_id`, then those of distributions that are about it among others."""
        own, bundles = [], []
        for number, head in self._told_of(identifier):
            if identifier in (head.id, *head.aliases):
                own.append(number)
            elif identifier in (*head.upstream, *head.related):
                bundles.append(number)
        return (*own, *bundles)

    def _told_of(self, identifier: str) -> Iterator[tuple[int, StoredHead]]:
        query = "SELECT content FROM identifier WHERE bucket = ?"
        for (content,) in self._file.rows(query, bucket_of(identifier)):
            for number in numbers_in(self._file.blob(content), identifier):
                if head := self._head(number):
                    yield number, head

    def packages(self, name: str) -> Iterator[tuple[str, tuple[Affected, ...]]]:
        """Each ecosystem that has a package `name`, with what is said of it."""
        for ecosystem in sorted(self._ecosystems):
            found = self.affected(ecosystem, name)
            if found:
                yield ecosystem, found

    def ecosystems(self) -> dict[str, int]:
        """Every ecosystem with how many advisories it has."""
        return {one.name: one.records for one in ecosystems_of(self._file)}

    def kev(self, cves: Iterable[str]) -> dict[str, Exploited]:
        """The entries of the catalogue of exploited vulnerabilities, of those that are in it."""
        return {
            str(cve): self._file.decoded(schema.EXPLOITED, content)
            for cve, content in self._file.rows(_KEV, _ids(cves))
        }

    def epss(self, cves: Iterable[str]) -> dict[str, Probability]:
        """The probabilities that they will be exploited, of those for which one is known."""
        whole = self._file.whole
        return {
            str(cve): Probability(whole(score) / _MILLION, whole(percentile) / _MILLION)
            for cve, score, percentile in self._file.rows(_EPSS, _ids(cves))
        }

    def release(self, ecosystem: str) -> Lifetime | None:
        """When the distribution release of `ecosystem` ("Debian:12") ends."""
        for (content,) in self._file.rows(
            "SELECT content FROM release WHERE ecosystem = ?", ecosystem
        ):
            return self._file.decoded(schema.LIFETIME, content)
        return None

    def status(self) -> DatabaseStatus:
        """Age, sources and sizes."""
        return status_of(self._file)

    def _severity(self, number: int) -> Severity:
        if number not in self._severities:
            query = "SELECT type, score FROM severity WHERE number = ?"
            for kind, score in self._file.rows(query, number):
                self._severities[number] = Severity(str(kind), str(score))
        return self._severities.get(number) or Severity("", "")


def _ids(cves: Iterable[str]) -> str:
    """For `json_each`: in one order, without what SQLite would cut at a NUL to another name."""
    return _list(sorted(cve for cve in {*cves} if "\0" not in cve))


def _list(names: list[str]) -> str:
    # Text, not bytes: since 3.45 SQLite takes bytes that look like it for its own binary form.
    return msgspec.json.encode(names).decode()
