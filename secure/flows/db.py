"""The vulnerability database: build it from files, say what it is, search it, move it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

import msgspec

from secure import system as os
from secure.errors import (
    ArchiveError,
    DigestMismatchError,
    MachineError,
    NotFoundError,
    os_error_text,
)
from secure.flows.clock import now
from secure.flows.current_database import folder, the_database
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import make_private_dir, remove_quietly
from secure.store.builtin import read_vulndb
from secure.store.lock import Lock
from secure.vulns import manifest
from secure.vulns.build import BuildReport, build
from secure.vulns.database import DatabaseStatus
from secure.vulns.native import feed_of, is_native
from secure.vulns.parcel import read_parcel, write_parcel
from secure.vulns.records import files
from secure.vulns.tables import is_table, tables_of

MAY_LOSE_PERCENT = 10  # of an ecosystem's records, by one update
_LOCK_S = 600.0  # a build takes minutes


class FeedList(msgspec.Struct, frozen=True):
    """vulndb/feeds.yaml: where updates come from, and which ecosystems are expected.

    Args:
        files: what else is fetched, by the name that tells its form.
    """

    osv: str
    kev: str
    epss: str
    ecosystems: tuple[str, ...]
    files: dict[str, str] = {}


def feed_list() -> FeedList:
    """The feeds that come with the program."""
    import yaml

    return msgspec.convert(yaml.safe_load(read_vulndb("feeds.yaml")), FeedList)


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
    """
    found = [path for given in paths for path in files(given, _is_other)]
    tables, rest = tables_of(found, DEFAULT_LIMITS)
    with replacing() as fresh:
        report = build(fresh, (feed_of(path, DEFAULT_LIMITS) for path in rest), now(), tables)
        manifest.install(folder(), fresh, may_lose_percent=_limit(accept_shrink))
    return report


def _is_other(name: str) -> bool:
    return is_native(name) or is_table(name)


def _limit(accept_shrink: bool) -> int | None:
    return None if accept_shrink else MAY_LOSE_PERCENT


def status() -> DatabaseStatus:
    """Of the database that a scan would use."""
    with the_database() as found:
        return found.status()


def missing_ecosystems(found: DatabaseStatus) -> tuple[str, ...]:
    """Those of the feed list that no record is of, by name without release."""
    there = {one.name.partition(":")[0] for one in found.ecosystems if one.records}
    return tuple(name for name in feed_list().ecosystems if name not in there)


def export(path: str, told: Callable[[str], object]) -> None:
    """Write the current database to one file, whole or not at all.

    Raises:
        NotFoundError: there is only the starter set, which every machine has.
    """
    found = manifest.current(folder())
    if found is None:
        raise NotFoundError("there is no database to export", do="Get one: secure db update")
    temporary = f"{path}.{os.getpid()}.tmp"
    digest = sha256()
    try:
        with open(manifest.verified(folder(), found), "rb") as source:
            with open(temporary, "xb") as target:
                write_parcel(found, source, target)
                target.flush()
                os.fsync(target.fileno())
            with open(temporary, "rb") as written:
                for piece in iter(lambda: written.read(1 << 20), b""):
                    digest.update(piece)
        os.rename(temporary, path)
    except OSError as cause:
        raise MachineError(f"cannot export to {os_error_text(cause)}") from cause
    finally:
        remove_quietly(temporary)
    told(f"sha256:{digest.hexdigest()}\n")


def import_(path: str, *, digest: str = "", accept_shrink: bool = False) -> manifest.Manifest:
    """Replace the database by the one in `path`.

    Args:
        digest: sha256 of the file, hexadecimal, as another channel told it; "" is not compared.

    Raises:
        DigestMismatchError: the file, or the database in it, is not what was promised.
        ArchiveError, TamperedError, UnsupportedError: it holds no database of ours.
        ShrunkError: an ecosystem has lost too many records.
    """
    where = f'"{path}"'
    with replacing() as fresh:
        try:
            with open(path, "rb") as source:
                if digest:
                    _compare(source.read, digest, where)
                    source.seek(0)
                with open(fresh, "xb") as target:
                    read_parcel(source, target, DEFAULT_LIMITS, where)
                    target.flush()
                    os.fsync(target.fileno())
        except OSError as cause:
            raise ArchiveError(f"cannot read {os_error_text(cause)}") from cause
        return manifest.install(folder(), fresh, may_lose_percent=_limit(accept_shrink))


def _compare(read_some: Callable[[int], bytes], digest: str, where: str) -> None:
    found = sha256()
    for piece in iter(lambda: read_some(1 << 20), b""):
        found.update(piece)
    if found.hexdigest() != digest.removeprefix("sha256:").lower():
        raise DigestMismatchError(
            f"{where} has not the digest that was given: sha256:{found.hexdigest()}",
            do="Copy the file again, or ask its sender.",
        )
