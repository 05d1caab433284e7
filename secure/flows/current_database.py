"""The vulnerability database that a scan uses: the current one, else the starter set.

Every scan comes here: what builds a database is imported only where one has to be built.
"""

from __future__ import annotations

from hashlib import sha256

from secure import __version__
from secure import system as os
from secure.errors import (
    MachineError,
    NotFoundError,
    TamperedError,
    UnsupportedError,
    os_error_text,
)
from secure.flows.clock import now
from secure.store.atomic import make_private_dir, remove_quietly
from secure.store.builtin import list_vulndb, read_vulndb, stamp_vulndb
from secure.store.lock import Lock
from secure.store.messages import tell_unkept
from secure.store.paths import cache_dir, data_dir
from secure.vulns import manifest, schema
from secure.vulns.database import Database, open_database

_STARTER, _RELEASES = "starter", "starter-releases.csv"
_LOCK_S = 60.0  # a build takes a second


def folder() -> str:
    """Where the database is."""
    return os.path.join(data_dir(), "vulndb")


def current() -> manifest.Manifest | None:
    """What the current database is; None where there is none.

    Raises:
        MachineError: its place cannot be read.
        TamperedError: it is not what was built.
    """
    try:
        return manifest.current(folder())
    except OSError as cause:
        raise MachineError(
            f'vulnerability database "{folder()}" cannot be read: {cause.strerror}',
            do="Make it readable, or set XDG_DATA_HOME to a directory of yours.",
        ) from cause


def the_database() -> Database:
    """The current database, else the starter set: `Database.status().starter` tells.

    Raises:
        TamperedError: the current one is not what was built.
    """
    found = current()
    if found is None:
        return _starter()
    try:
        return open_database(manifest.verified(folder(), found))
    except NotFoundError:
        # Another process may have replaced it between the two steps.
        newer = current()
        if newer is None or newer == found:
            raise
        return open_database(manifest.verified(folder(), newer))


def _starter() -> Database:
    """The set that comes with the program, built once for each version of it.

    What is kept of it is only a cache: where it is damaged, it is built again.
    """
    files = stamp_vulndb(_STARTER, ".json") + stamp_vulndb("", _RELEASES)
    told = f"{__version__} {schema.VERSION}\n{files}"
    digest = sha256(told.encode()).hexdigest()
    place = os.path.join(cache_dir(), "vulndb", f"starter-{digest[:16]}")
    if (kept := _kept(place)) is not None:
        return kept
    try:
        make_private_dir(place)
        with Lock(os.path.join(place, "lock"), _LOCK_S):
            return _kept(place) or _built(place)
    except MachineError as cause:
        tell_unkept(cause)
    return _unkept()


def _unkept() -> Database:
    """The set where nothing can be kept: built for this process alone."""
    import tempfile

    try:
        with tempfile.TemporaryDirectory(prefix="secure-") as place:
            return _built(place)  # an open file needs no name
    except OSError as cause:
        raise MachineError(
            f"the starter set of advisories cannot be built: {os_error_text(cause)}",
            do="Make the folder for temporary files writable, or set XDG_CACHE_HOME.",
        ) from cause


def _kept(place: str) -> Database | None:
    try:
        found = manifest.current(place)
        return open_database(manifest.verified(place, found)) if found else None
    except (NotFoundError, TamperedError, UnsupportedError, MachineError, OSError):
        return None  # the last two: it is somebody else's


def _built(place: str) -> Database:
    from secure.vulns.starter import build_starter

    fresh = os.path.join(place, "fresh.db")
    files = (read_vulndb(f"{_STARTER}/{name}") for name in list_vulndb(_STARTER, ".json"))
    build_starter(fresh, files, read_vulndb(_RELEASES), now())
    remove_quietly(os.path.join(place, "current.json"))  # it may be what is damaged
    made = manifest.install(place, fresh, may_lose_percent=None)
    return open_database(os.path.join(place, made.file))
