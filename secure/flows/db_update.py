"""The vulnerability database from the network: what has changed since the last time, no more.

OSV's exports: `db_osv.py`. Feeds of vendors: `db_vendors.py`. A feed that cannot be had keeps its
former state and is named; without one its ecosystem is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

import msgspec

from secure.errors import InputError, NotFoundError, SecureError
from secure.facts.image import Unreadable
from secure.flows.clock import now
from secure.flows.current_database import folder
from secure.flows.db import FeedList, may_lose_percent, replacing
from secure.flows.db_fetch import TABLE_BYTES, Fetch, Job
from secure.flows.db_osv import export
from secure.flows.db_vendors import jobs
from secure.flows.db_wanted import check_ecosystems, check_requests, check_servers
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import remove_quietly
from secure.store.download import Patience
from secure.vulns import manifest
from secure.vulns.build import BuildReport, Feed, build
from secure.vulns.native import feed_of
from secure.vulns.osv import Advisory, Refused
from secure.vulns.tables import tables_of

_KEV, _EPSS = "known_exploited_vulnerabilities.json", "epss_scores-current.csv.gz"


class Wanted(msgspec.Struct, frozen=True):
    """What an update is asked for.

    Args:
        urls: servers instead of the usual ones, in this order.
        ecosystems: these instead of all: OSV's, vendors', or names of what is on request.
        also: beside them, what is on request.
        accept_shrink: even if an ecosystem has lost many records.
    """

    urls: tuple[str, ...] = ()
    ecosystems: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    accept_shrink: bool = False


class Updated(msgspec.Struct, frozen=True):
    """What an update did.

    Args:
        unchanged: feeds whose servers had nothing else.
        failed: what could not be had, and why.
    """

    report: BuildReport
    unchanged: tuple[str, ...]
    failed: tuple[str, ...]


def update(
    feeds: FeedList,
    told: Callable[[str], object],
    wanted: Wanted,
    patience: Patience | None = None,
) -> Updated:
    """Fetch what has changed, and replace the database.

    Args:
        told: is given a line for people now and then.

    Raises:
        UsageError: an ecosystem, request or server is none; nothing was fetched.
        NotFoundError: nothing at all could be had.
        ShrunkError: an ecosystem has lost too many records; the database is the old one.
    """
    work = _jobs(feeds, wanted)
    fetch = Fetch(wanted.urls, patience or Patience())
    with replacing() as fresh:
        unchanged: list[str] = []
        failed: list[str] = []
        names: list[str] = []
        for job in work(fetch):
            _noting(job, unchanged, failed, told)
            names += job.files
        paths = [fetch.path(name) for name in names]
        tables, rest = tables_of([path for path in paths if os.path.exists(path)], DEFAULT_LIMITS)
        if not rest:
            raise NotFoundError(f"no feed could be had: {failed[0]}", do="See the lines above.")
        report = build(fresh, (_guarded(path) for path in rest), now(), tables)
        percent = may_lose_percent(accept_shrink=wanted.accept_shrink)
        manifest.install(folder(), fresh, may_lose_percent=percent)
    return Updated(report, tuple(unchanged), tuple(failed))


def _jobs(feeds: FeedList, wanted: Wanted) -> Callable[[Fetch], Iterator[Job]]:
    """What is to be done, once there is where to do it."""
    vendors = feeds.vendors | feeds.on_request
    chosen = wanted.ecosystems or (*feeds.ecosystems, *feeds.vendors)
    check_ecosystems(feeds, wanted.ecosystems)
    check_requests(feeds, wanted.also)
    check_servers(wanted.urls)
    exported = dict.fromkeys(name for name in chosen if name not in vendors)
    own = dict.fromkeys(name for name in (*chosen, *wanted.also) if name in vendors)
    return lambda fetch: chain(
        (export(fetch, feeds.osv, ecosystem) for ecosystem in exported),
        (_of_table(fetch, *one) for one in (("KEV", _KEV, feeds.kev), ("EPSS", _EPSS, feeds.epss))),
        (_of_table(fetch, name, name, url) for name, url in feeds.releases.items()),
        chain.from_iterable(jobs(fetch, vendors[name]) for name in own),
    )


def _of_table(fetch: Fetch, told: str, name: str, url: str) -> Job:
    work = partial(fetch.sound, fetch.at(name, url), name, max_bytes=TABLE_BYTES)
    return Job(told, work, (name,))


def _noting(
    job: Job, unchanged: list[str], failed: list[str], told: Callable[[str], object]
) -> None:
    """Do one feed's part; its failure is not the others'."""
    try:
        if job.work():
            told(f"{job.name}: fetched\n")
        else:
            unchanged.append(job.name)
    except SecureError as cause:
        failed.append(f"{job.name}: {cause.what}")
        told(f"{job.name}: {cause.what}\n")


def _guarded(path: str) -> Feed:
    """The feed in one file; one that turns out to be damaged is fetched anew the next time."""
    feed = feed_of(path, DEFAULT_LIMITS)

    def entries() -> Iterator[Advisory | Refused | Unreadable]:
        try:
            yield from feed.entries
        except InputError:
            remove_quietly(f"{path}.json")
            remove_quietly(path)
            raise

    return msgspec.structs.replace(feed, entries=entries())
