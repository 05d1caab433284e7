"""The vulnerability database from the network: what has changed since the last time, no more.

    ECOSYSTEM.zip      OSV's export, with what its server said of it
    ECOSYSTEM.jsonl    records that were modified after it, fetched one by one
    ECOSYSTEM.csv      ids by time of modification that these two have
    ECOSYSTEM.new.csv  the same as the server has it

A feed that cannot be had keeps its former state and is named; without one its ecosystem is missing.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from urllib.parse import quote

import msgspec

from secure.errors import NotFoundError, SecureError
from secure.flows.clock import now
from secure.flows.current_database import folder
from secure.flows.db import MAY_LOSE_PERCENT, FeedList, replacing
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import make_private_dir, remove_quietly, write_file
from secure.store.download import Patience, download
from secure.store.paths import cache_dir
from secure.vulns import manifest
from secure.vulns.build import BuildReport, build
from secure.vulns.native import feed_of, is_native
from secure.vulns.tables import tables_of

_MOST_SINGLE = 200  # records; more of them are slower one by one than the whole export
_MOST_BYTES = DEFAULT_LIMITS.feed_bytes
_CSV_BYTES = 512 * 1024 * 1024
_KEV, _EPSS = "known_exploited_vulnerabilities.json", "epss_scores-current.csv.gz"
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}").fullmatch


class Updated(msgspec.Struct, frozen=True):
    """What an update did.

    Args:
        unchanged: feeds whose servers had nothing else.
        failed: what could not be had, and why.
    """

    report: BuildReport
    unchanged: tuple[str, ...]
    failed: tuple[str, ...]


class _Fetch:
    """Where to, and from which servers in order."""

    def __init__(self, feeds: FeedList, urls: tuple[str, ...], patience: Patience) -> None:
        self.folder = os.path.join(cache_dir(), "vulndb", "downloads")
        self._bases = [url.rstrip("/") for url in urls or (feeds.osv,)]
        self._own = bool(urls)
        self.kev, self.epss = self.beside(_KEV, feeds.kev), self.beside(_EPSS, feeds.epss)
        self._patience = patience
        make_private_dir(self.folder)

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name.replace("/", "_"))

    def get(self, urls: list[str], name: str, max_bytes: int = _MOST_BYTES) -> bool:
        return download(urls, self.path(name), max_bytes, self._patience)

    def beside(self, name: str, url: str) -> list[str]:
        """Where one file is. A mirror of one's own has everything beside the exports."""
        return [f"{base}/{name}" for base in self._bases] if self._own else [url]

    def of(self, ecosystem: str, name: str) -> list[str]:
        return [f"{base}/{quote(ecosystem)}/{quote(name)}" for base in self._bases]


def update(
    feeds: FeedList,
    told: Callable[[str], object],
    *,
    urls: tuple[str, ...] = (),
    ecosystems: tuple[str, ...] = (),
    accept_shrink: bool = False,
    patience: Patience | None = None,
) -> Updated:
    """Fetch what has changed, and replace the database.

    Args:
        told: is given a line for people now and then.
        urls: servers instead of the usual one, in this order.
        ecosystems: these instead of all.

    Raises:
        NotFoundError: nothing at all could be had.
        ShrunkError: an ecosystem has lost too many records; the database is the old one.
    """
    fetch = _Fetch(feeds, urls, patience or Patience())
    with replacing() as fresh:
        unchanged: list[str] = []
        failed: list[str] = []
        wanted = ecosystems or feeds.ecosystems
        others = {n: u for n, u in feeds.files.items() if not (ecosystems and is_native(n))}
        for ecosystem in wanted:
            _noting(ecosystem, partial(_ecosystem, fetch, ecosystem), unchanged, failed, told)
        _noting("KEV", partial(fetch.get, fetch.kev, _KEV), unchanged, failed, told)
        _noting("EPSS", partial(fetch.get, fetch.epss, _EPSS), unchanged, failed, told)
        for name, url in others.items():
            work = partial(fetch.get, fetch.beside(name, url), name)
            _noting(name, work, unchanged, failed, told)
        names = [f"{one}{end}" for one in wanted for end in (".zip", ".jsonl")]
        paths = [fetch.path(name) for name in (*names, _KEV, _EPSS, *others)]
        tables, rest = tables_of([path for path in paths if os.path.exists(path)], DEFAULT_LIMITS)
        if not rest:
            raise NotFoundError(f"no feed could be had: {failed[0]}", do="See the lines above.")
        report = build(fresh, (feed_of(path, DEFAULT_LIMITS) for path in rest), now(), tables)
        percent = None if accept_shrink else MAY_LOSE_PERCENT
        manifest.install(folder(), fresh, may_lose_percent=percent)
    return Updated(report, tuple(unchanged), tuple(failed))


def _noting(
    name: str,
    work: Callable[[], bool],
    unchanged: list[str],
    failed: list[str],
    told: Callable[[str], object],
) -> None:
    """Do one feed's part; its failure is not the others'."""
    try:
        if work():
            told(f"{name}: fetched\n")
        else:
            unchanged.append(name)
    except SecureError as cause:
        failed.append(f"{name}: {cause.what}")
        told(f"{name}: {cause.what}\n")


def _ecosystem(fetch: _Fetch, ecosystem: str) -> bool:
    """Bring one ecosystem up to date; True where anything was new."""
    before = _ids(fetch.path(f"{ecosystem}.csv"))
    changed = _changed_ids(fetch, ecosystem)
    exported = os.path.exists(fetch.path(f"{ecosystem}.zip"))
    if exported and changed is not None and before is not None:
        since = [name for name, time in changed.items() if before.get(name) != time]
        if len(since) <= _MOST_SINGLE and all(map(_PLAIN_ID, since)):
            return _single(fetch, ecosystem, since)
    found = fetch.get(fetch.of(ecosystem, "all.zip"), f"{ecosystem}.zip")
    if found:
        remove_quietly(fetch.path(f"{ecosystem}.jsonl"))
        _note_ids(fetch, ecosystem)
    return found


def _note_ids(fetch: _Fetch, ecosystem: str) -> None:
    """What the server listed is here now. Only now: an update may be ended in its middle."""
    with suppress(FileNotFoundError), open(fetch.path(f"{ecosystem}.new.csv"), "rb") as file:
        write_file(fetch.path(f"{ecosystem}.csv"), file.read(_CSV_BYTES))


def _changed_ids(fetch: _Fetch, ecosystem: str) -> dict[str, str] | None:
    """Ids with their times of modification; None where a server has no such list."""
    name = f"{ecosystem}.new.csv"
    try:
        fetch.get(fetch.of(ecosystem, "modified_id.csv"), name, _CSV_BYTES)
    except NotFoundError:
        return None
    return _ids(fetch.path(name))


def _ids(path: str) -> dict[str, str] | None:
    try:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return {row[1]: row[0] for row in csv.reader(file) if len(row) == 2}
    except (FileNotFoundError, csv.Error):
        return None


def _single(fetch: _Fetch, ecosystem: str, identifiers: list[str]) -> bool:
    """Add the records with these ids to what was fetched one by one before."""
    if not identifiers:
        return False
    path, temporary = fetch.path(f"{ecosystem}.jsonl"), f"{ecosystem}.record"
    lines = []
    for name in identifiers:
        fetch.get(fetch.of(ecosystem, f"{name}.json"), temporary, DEFAULT_LIMITS.advisory_bytes)
        with open(fetch.path(temporary), "rb") as file:
            raw = file.read(DEFAULT_LIMITS.advisory_bytes)
        # A line break inside of JSON is space between its tokens.
        lines.append(raw.replace(b"\n", b" ").replace(b"\r", b" "))
    known = b""
    if os.path.exists(path):
        with open(path, "rb") as file:
            known = file.read(_MOST_BYTES)
    write_file(path, known + b"\n".join(lines) + b"\n")
    _note_ids(fetch, ecosystem)
    return True
