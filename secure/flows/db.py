"""The vulnerability database: build it from files, say what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from secure import system as os
from secure.errors import InputError, MachineError
from secure.facts.plain import plain
from secure.flows.clock import now
from secure.flows.current_database import current, folder, the_database
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import make_private_dir, remove_quietly
from secure.store.builtin import read_vulndb
from secure.store.lock import Lock
from secure.vulns import manifest
from secure.vulns.build import BuildReport, build
from secure.vulns.database_status import DatabaseStatus
from secure.vulns.native import feed_of, is_native
from secure.vulns.records import files
from secure.vulns.tables import is_table, tables_of

MAY_LOSE_PERCENT = 10  # of an ecosystem's records, by one update
_LOCK_S = 600.0  # a build takes minutes


class Topics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A catalogue of repositories, and where the one of a topic is ("…{topic}…")."""

    catalogue: str
    repository: str


class Vendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Feeds of one vendor: names to addresses, by the layout in which it publishes them."""

    files: dict[str, str] = {}
    repositories: dict[str, tuple[str, ...]] = {}
    topics: dict[str, Topics] = {}
    bundles: dict[str, dict[str, str]] = {}
    csaf: dict[str, str] = {}


class FeedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """vulndb/feeds.yaml: where updates come from, and which ecosystems are expected.

    Args:
        releases: lists of releases, by the name that tells their form.
        ecosystems: that OSV exports.
        vendors: by ecosystem: those that OSV does not have.
        on_request: by a name of ours: what is beside OSV's of the same ecosystem.
    """

    osv: str
    kev: str
    epss: str
    ecosystems: tuple[str, ...]
    releases: dict[str, str] = {}
    vendors: dict[str, Vendor] = {}
    on_request: dict[str, Vendor] = {}


def feed_list() -> FeedList:
    """The feeds that come with the program."""
    return read_feeds(read_vulndb("feeds.yaml"))


def read_feeds(raw: bytes) -> FeedList:
    """A list of feeds.

    Raises:
        MachineError: it is none, and comes with the program.
    """
    import yaml

    try:
        return msgspec.convert(yaml.safe_load(raw), FeedList)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as cause:
        why = plain(" ".join(str(cause).split()))[:200]
        raise MachineError(
            f'this program is not whole: "vulndb/feeds.yaml" is damaged: {why}',
            do="Install it again.",
        ) from cause


@contextmanager
def replacing() -> Iterator[str]:
    """The path of a file to build, under the lock; what is left of it afterwards is removed."""
    make_private_dir(folder())
    with Lock(os.path.join(folder(), "lock"), _LOCK_S):
        fresh = os.path.join(folder(), "fresh.db")
        try:
            yield fresh
        finally:
            remove_quietly(fresh)


def build_from(paths: list[str], *, accept_shrink: bool = False) -> BuildReport:
    """Replace the database by one of the records in these files and folders.

    Raises:
        NotFoundError, ArchiveError, LimitExceededError: of a file; the old database is kept.
        ShrunkError: an ecosystem has lost too many records.
        InputError: there is no advisory in them; the old database is kept.
    """
    found = [path for given in paths for path in files(given, _is_other)]
    tables, rest = tables_of(found, DEFAULT_LIMITS)
    with replacing() as fresh:
        report = build(fresh, (feed_of(path, DEFAULT_LIMITS) for path in rest), now(), tables)
        if not report.records:
            raise InputError(_nothing_in(report), do="The database stays as it was.")
        manifest.install(
            folder(), fresh, may_lose_percent=may_lose_percent(accept_shrink=accept_shrink)
        )
    return report


def _nothing_in(report: BuildReport) -> str:
    first = "".join(f"; {one.path}: {one.why}" for one in report.unreadable[:1])
    return f"no advisory is in what was given{first}"


def _is_other(name: str) -> bool:
    return is_native(name) or is_table(name)


def may_lose_percent(*, accept_shrink: bool) -> int | None:
    """Of an ecosystem's records, by one replacement; None is any number."""
    return None if accept_shrink else MAY_LOSE_PERCENT


def status() -> DatabaseStatus:
    """Of the database that a scan would use."""
    with the_database() as found:
        return found.status()


def signed_by() -> str:
    """The key that the imported database was signed with; "" where none was asked for."""
    found = current()
    return found.signed_by if found else ""


def missing_ecosystems(found: DatabaseStatus) -> tuple[str, ...]:
    """Those of the feed list that no record is of, by name without release."""
    there = {one.name.partition(":")[0] for one in found.ecosystems if one.records}
    feeds = feed_list()
    return tuple(name for name in (*feeds.ecosystems, *feeds.vendors) if name not in there)
