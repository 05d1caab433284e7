"""Advisories to a database file: appears whole or not at all, in bounded memory.

Same advisories, same order, same `now`: same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from secure.facts.image import Unreadable
from secure.facts.plain import plain
from secure.store.atomic import remove_quietly
from secure.vulns import blocks, schema
from secure.vulns.compact import compact
from secure.vulns.fresh_file import FreshFile, appearing
from secure.vulns.identifiers import Identifiers
from secure.vulns.osv import Advisory, Refused, is_disputed
from secure.vulns.schema import Description, Exploited, Lifetime, Probability, StoredHead
from secure.vulns.spelling import usual
from secure.vulns.stage import Stage

KEPT_REFUSALS = 1_000  # named in the report; further ones are counted
_MILLION = 1_000_000
_CLOCKS_DIFFER_S = 86_400
_RATED_IN_SUMMARY = ("ALSA-", "RLSA-")
_MOST_BLOCK_BYTES = 8 * 1024 * 1024  # prose of one block; one record may exceed it alone


class Feed(msgspec.Struct, frozen=True):
    """One source and its records.

    Args:
        name: "osv/npm", "alpine-secdb". What comes before the slash is who gives the ids: there,
            the newest of several records with one id is used.
        entries: read once, while building.
        content: digest and size of what `entries` reads, complete when they are exhausted.
    """

    name: str
    entries: Iterable[Advisory | Refused | Unreadable]
    content: Content


class Content:
    """Counts and hashes what a feed is read from."""

    def __init__(self) -> None:
        self._hash = sha256()
        self.bytes = 0

    def feed(self, piece: bytes) -> bytes:
        """Take note of `piece`, and give it back."""
        self._hash.update(piece)
        self.bytes += len(piece)
        return piece

    @property
    def sha256(self) -> str:
        """Of all that was fed so far, hexadecimal."""
        return self._hash.hexdigest()


class Tables(msgspec.Struct, frozen=True):
    """What stands beside the advisories, and what of it cannot be used."""

    kev: dict[str, Exploited] = {}
    epss: Iterable[tuple[str, Probability]] = ()
    lifetimes: dict[str, Lifetime] = {}
    unreadable: tuple[Unreadable, ...] = ()


class BuildReport(msgspec.Struct, frozen=True):
    """What was built.

    Args:
        replaced: records that a newer one with the same id stands for.
        refused: how many were not used; the first of them by name are in `unreadable`.
    """

    records: int
    withdrawn: int
    replaced: int
    refused: int
    unreadable: tuple[Unreadable, ...]
    ecosystems: dict[str, int]


def build(
    path: str,
    feeds: Iterable[Feed],
    now: str,
    tables: Tables | None = None,
    *,
    starter: bool = False,
) -> BuildReport:
    """Write a database to `path`, over what is there.

    Raises:
        MachineError: the disk is full or not ours; `path` is then as it was.
    """
    with appearing(path) as temporary:
        stage = f"{temporary}.stage"
        try:
            builder = _Builder(temporary, stage, now)
            try:
                for feed in feeds:
                    builder.add(feed)
                builder.add_tables(tables or Tables())
                return builder.finish(starter=starter)
            finally:
                builder.close()
        finally:
            remove_quietly(stage)


class _Used(NamedTuple):
    """A record that is in the file."""

    number: int
    modified: int
    places: tuple[int, ...]
    withdrawn: bool


class _Builder:
    """One database that is being written, with its staging file."""

    def __init__(self, path: str, stage: str, now: str) -> None:
        self._file, self._now = FreshFile(path), now
        self._latest = (schema.seconds(now) or 0) + _CLOCKS_DIFFER_S
        self._stage = Stage(self._file.connection, stage)
        self._file.connection.execute("BEGIN")
        self._heads: list[StoredHead] = []
        self._identifiers = Identifiers()
        self._ecosystems: dict[str, int] = {}
        self._severities: dict[tuple[str, str], int] = {}
        self._records: Counter[int] = Counter()
        self._newest: dict[int, int] = {}
        self._seen: dict[tuple[str, str], _Used] = {}
        self._dropped: set[int] = set()
        self._block: list[tuple[Description, tuple[str, ...]]] = []
        self._block_first, self._block_bytes = 1, 0
        self._number = self._feed = 0
        self._refused, self._withdrawn, self._replaced = 0, 0, 0
        self._unreadable: list[Unreadable] = []

    def add(self, feed: Feed) -> None:
        """All records of one feed."""
        self._feed += 1
        before, records, newest = self._refused, 0, None
        giver = feed.name.partition("/")[0]
        for entry in feed.entries:
            if not isinstance(entry, Advisory):
                self._refuse(entry, feed.name)
            elif self._add(entry, giver):
                records += 1
                newest = max(newest or 0, self._modified(entry) or 0) or None
        content = feed.content
        self._file.connection.execute(
            "INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._feed, feed.name, records, self._refused - before, newest,
             content.bytes, content.sha256),
        )  # fmt: skip

    def _refuse(self, entry: Refused | Unreadable, where: str) -> None:
        self._refused += 1
        if len(self._unreadable) >= KEPT_REFUSALS:
            return
        if isinstance(entry, Refused):
            entry = Unreadable(f"{where}: {entry.id or 'a record without an id'}", 0, entry.why)
        self._unreadable.append(Unreadable(plain(entry.path), 0, plain(entry.why)))

    def _add(self, record: Advisory, giver: str) -> bool:
        modified = self._modified(record)
        known = self._seen.get((giver, record.id))
        if known is not None:
            self._replaced += 1
            if known.modified >= (modified or 0):
                return False
            self._drop(known)
        self._number += 1
        head = self._head(self._number, record, modified)
        self._describe(record, head)
        places = () if record.withdrawn else tuple({*self._said(self._number, record)})
        self._seen[giver, record.id] = _Used(
            self._number, modified or 0, places, withdrawn=bool(record.withdrawn)
        )
        self._withdrawn += bool(record.withdrawn)
        for place in places:
            self._records[place] += 1
            self._newest[place] = max(self._newest.get(place, 0), modified or 0)
        return True

    def _modified(self, record: Advisory) -> int | None:
        """When it was; None for a time to come: GitLab's records have the years 2999 and 9999."""
        told = schema.seconds(record.modified)
        return None if told is None or told > self._latest else told

    def _said(self, number: int, record: Advisory) -> Iterator[int]:
        """Keep what is said of each package; yields their ecosystems."""
        for affected in record.affected or ():
            if affected.package is not None:
                ecosystem = self._ecosystem(affected.package.ecosystem)
                name = usual(affected.package.ecosystem, affected.package.name)
                content = schema.packed(compact(number, affected))
                self._stage.add(ecosystem, name, number, content)
                yield ecosystem

    def _drop(self, used: _Used) -> None:
        """A newer record stands for this one."""
        self._dropped.add(used.number)
        self._withdrawn -= used.withdrawn
        for place in used.places:
            self._records[place] -= 1

    def _head(self, number: int, record: Advisory, modified: int | None) -> StoredHead:
        given = [(one.type, one.score) for one in record.severity or ()]
        word = (record.database_specific or {}).get("severity") or _word(record)
        if isinstance(word, str):
            given.append(("word", word))
        head = StoredHead(
            id=record.id,
            feed=self._feed,
            modified=modified,
            published=schema.seconds(record.published),
            withdrawn=schema.seconds(record.withdrawn) or 0 if record.withdrawn else None,
            aliases=record.aliases or (),
            severities=tuple(map(self._severity, given)),
            upstream=record.upstream or (),
            related=record.related or (),
            disputed=is_disputed(record),
        )
        self._heads.append(head)
        if len(self._heads) == schema.HEADS_AT_ONCE:
            self._write_heads()
        self._identifiers.add(number, head)
        return head

    def _ecosystem(self, name: str) -> int:
        return self._ecosystems.setdefault(name, len(self._ecosystems) + 1)

    def _severity(self, given: tuple[str, str]) -> int:
        return self._severities.setdefault(given, len(self._severities) + 1)

    def _describe(self, record: Advisory, head: StoredHead) -> None:
        if record.withdrawn:
            made = Description()
        else:
            references = tuple((one.type, one.url) for one in record.references or ())
            made = Description(record.summary or "", record.details or "", references)
        self._block.append((made, blocks.short_names(head)))
        self._block_bytes += len(made.details) + sum(len(url) for _, url in made.references)
        if len(self._block) >= schema.DESCRIPTIONS or self._block_bytes > _MOST_BLOCK_BYTES:
            self._write_block()

    def _write_block(self) -> None:
        if self._block:
            content = self._file.compress(blocks.packed_prose(self._block))
            row = (self._block_first, content)
            self._file.connection.execute("INSERT INTO description VALUES (?, ?)", row)
        self._block_first, self._block_bytes = self._number + 1, 0
        self._block = []

    def _write_heads(self) -> None:
        if self._heads:
            content = self._file.compress(schema.packed_all(self._heads))
            row = (self._number - len(self._heads) + 1, content)
            self._file.connection.execute("INSERT INTO advisory VALUES (?, ?)", row)
        self._heads = []

    def add_tables(self, tables: Tables) -> None:
        """What stands beside the advisories."""
        for one in tables.unreadable:
            self._refuse(one, one.path)
        many = self._file.connection.executemany
        kev = ((cve, schema.packed(one)) for cve, one in sorted(tables.kev.items()))
        many("INSERT INTO kev VALUES (?, ?)", kev)
        epss = (
            (cve, round(one.score * _MILLION), round(one.percentile * _MILLION))
            for cve, one in tables.epss
        )
        many("INSERT OR REPLACE INTO epss VALUES (?, ?, ?)", epss)
        lifetimes = ((name, schema.packed(one)) for name, one in sorted(tables.lifetimes.items()))
        many("INSERT INTO release VALUES (?, ?)", lifetimes)

    def finish(self, *, starter: bool) -> BuildReport:
        """Gather what was staged, write what was counted."""
        self._write_block()
        self._write_heads()
        many = self._file.connection.executemany
        many("INSERT INTO identifier VALUES (?, ?)", self._identifiers.rows(self._dropped))
        many("INSERT INTO affected VALUES (?, ?, ?)", self._stage.gathered(self._dropped))
        many("INSERT INTO severity VALUES (?, ?, ?)",
             ((number, *given) for given, number in self._severities.items()))  # fmt: skip
        many("INSERT INTO ecosystem VALUES (?, ?, ?, ?)",
             ((number, name, self._records[number], self._newest.get(number) or None)
              for name, number in self._ecosystems.items()))  # fmt: skip
        records = len(self._seen)
        newest = max(self._newest.values(), default=None)
        many("INSERT INTO meta VALUES (?, ?)", (
            ("built_at", self._now), ("records", records), ("newest", newest),
            ("starter", int(starter)), ("dropped", schema.packed_numbers(self._dropped)),
        ))  # fmt: skip
        self._file.finish()
        counts = {name: self._records[number] for name, number in self._ecosystems.items()}
        return BuildReport(
            records=records,
            withdrawn=self._withdrawn,
            replaced=self._replaced,
            refused=self._refused,
            unreadable=tuple(self._unreadable),
            ecosystems=counts,
        )

    def close(self) -> None:
        """Let go of both files."""
        self._file.close()


def _word(record: Advisory) -> str | None:
    """The severity of a record that gives it elsewhere, or nowhere.

    "Important: firefox security update": AlmaLinux and Rocky Linux rate in the summary alone. A
    malicious package is rated by nobody in OSV, and always as critical by GitHub.
    """
    if record.id.startswith("MAL-"):
        return "critical"
    word, colon, _ = (record.summary or "").partition(": ")
    return word if colon and word.isalpha() and record.id.startswith(_RATED_IN_SUMMARY) else None
