"""OSV's exports from the network: whole first, then the records that have changed.

    ECOSYSTEM.zip      the export, with what its server said of it
    ECOSYSTEM.jsonl    records that were modified after it, fetched one by one
    ECOSYSTEM.csv      ids by time of modification that these two have
    ECOSYSTEM.new.csv  the same as the server has it

Source: google.github.io/osv.dev/data, "Data dumps".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from urllib.parse import quote

from secure.errors import NotFoundError
from secure.flows.db_fetch import LIST_BYTES, MOST_ADDED, Fetch, Job
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import remove_quietly, write_file

_MOST_SINGLE = 200  # records; more of them are slower one by one than the whole export
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}").fullmatch
_At = Callable[[str], list[str]]


def export(fetch: Fetch, base: str, ecosystem: str) -> Job:
    """Bring one ecosystem up to date."""
    files = (f"{ecosystem}.zip", f"{ecosystem}.jsonl")

    def at(name: str) -> list[str]:
        place = f"{ecosystem}/{name}"
        return fetch.at(place, f"{base.rstrip('/')}/{quote(place)}")

    return Job(ecosystem, partial(_ecosystem, fetch, at, ecosystem), files)


def _ecosystem(fetch: Fetch, at: _At, ecosystem: str) -> bool:
    before = fetch.pairs(f"{ecosystem}.csv", 1)
    changed = _changed_ids(fetch, at, ecosystem)
    exported = os.path.exists(fetch.path(f"{ecosystem}.zip"))
    exported = exported and fetch.size(f"{ecosystem}.jsonl") <= MOST_ADDED
    if exported and changed is not None and before is not None:
        since = [name for name, time in changed.items() if before.get(name) != time]
        if len(since) <= _MOST_SINGLE and all(map(_PLAIN_ID, since)):
            return _single(fetch, at, ecosystem, since)
    found = fetch.sound(at("all.zip"), f"{ecosystem}.zip")
    if found:
        remove_quietly(fetch.path(f"{ecosystem}.jsonl"))
        _note_ids(fetch, ecosystem)
    return found


def _note_ids(fetch: Fetch, ecosystem: str) -> None:
    """What the server listed is here now. Only now: an update may be ended in its middle."""
    with suppress(FileNotFoundError), open(fetch.path(f"{ecosystem}.new.csv"), "rb") as file:
        write_file(fetch.path(f"{ecosystem}.csv"), file.read(LIST_BYTES))


def _changed_ids(fetch: Fetch, at: _At, ecosystem: str) -> dict[str, str] | None:
    """Ids with their times of modification; None where a server has no such list."""
    name = f"{ecosystem}.new.csv"
    try:
        fetch.get(at("modified_id.csv"), name, LIST_BYTES)
    except NotFoundError:
        return None
    return fetch.pairs(name, 1)


def _single(fetch: Fetch, at: _At, ecosystem: str, identifiers: list[str]) -> bool:
    """Add the records with these ids to what was fetched one by one before."""
    if not identifiers:
        return False
    temporary, records = f"{ecosystem}.record", []
    for name in identifiers:
        fetch.get(at(f"{name}.json"), temporary, DEFAULT_LIMITS.advisory_bytes)
        with open(fetch.path(temporary), "rb") as file:
            records.append(file.read(DEFAULT_LIMITS.advisory_bytes))
    fetch.add_lines(f"{ecosystem}.jsonl", records)
    _note_ids(fetch, ecosystem)
    return True
