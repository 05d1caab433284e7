"""The vulnerability database that a scan uses: the current one, else the starter set.

Every scan comes here: what builds a database is imported only where one has to be built.
"""

from __future__ import annotations

from hashlib import sha256

from secure import __version__
from secure import system as os
from secure.errors import NotFoundError
from secure.flows.clock import now
from secure.store.builtin import list_vulndb, read_vulndb, stamp_vulndb
from secure.store.paths import cache_dir, data_dir
from secure.vulns import manifest, schema
from secure.vulns.database import Database, open_database

_STARTER = ("starter", ".json")


def folder() -> str:
    """Where the database is."""
    return os.path.join(data_dir(), "vulndb")


def the_database() -> Database:
    """The current database, else the starter set: `Database.status().starter` tells.

    Raises:
        TamperedError: the current one is not what was built.
    """
    found = manifest.current(folder())
    if found is None:
        return _starter()
    try:
        return open_database(manifest.verified(folder(), found))
    except NotFoundError:
        # Another process may have replaced it between the two steps.
        newer = manifest.current(folder())
        if newer is None or newer == found:
            raise
        return open_database(manifest.verified(folder(), newer))


def _starter() -> Database:
    """The set that comes with the program, built once for each version of it."""
    told = f"{__version__} {schema.VERSION}\n{stamp_vulndb(*_STARTER)}"
    digest = sha256(told.encode()).hexdigest()
    path = os.path.join(cache_dir(), "vulndb", f"starter-{digest[:16]}.db")
    if not os.path.isfile(path):
        from secure.vulns.starter import build_starter

        files = (read_vulndb(f"{_STARTER[0]}/{name}") for name in list_vulndb(*_STARTER))
        build_starter(path, files, now())
    return open_database(path)
