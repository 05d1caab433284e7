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
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from urllib.parse import quote

import msgspec

from secure.errors import NotFoundError
from secure.flows.db_fetch import LIST_BYTES, MOST_ADDED, Fetch, Job
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import remove_quietly

_MOST_SINGLE = 200  # records; more of them are slower one by one than the whole export
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{1,20}(?:Z|[+-][0-9:]{1,6})").fullmatch
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}").fullmatch
_At = Callable[[str], list[str]]


def export(fetch: Fetch, base: str, ecosystem: str, most_added: int = MOST_ADDED) -> Job:
    """Bring one ecosystem up to date.

    Args:
        most_added: bytes of records that come one by one; beyond, the export is asked for.
    """
    files = (f"{ecosystem}.zip", f"{ecosystem}.jsonl")

    def at(name: str) -> list[str]:
        place = f"{ecosystem}/{name}"
        return fetch.at(place, f"{base.rstrip('/')}/{quote(place)}")

    return Job(ecosystem, partial(_ecosystem, fetch, at, ecosystem, most_added), files)


def _ecosystem(fetch: Fetch, at: _At, ecosystem: str, most_added: int) -> bool:
    before = fetch.pairs(f"{ecosystem}.csv", 1)
    changed = _changed_ids(fetch, at, ecosystem)
    exported = os.path.exists(fetch.path(f"{ecosystem}.zip"))
    exported = exported and fetch.size(f"{ecosystem}.jsonl") <= most_added
    if exported and changed is not None and before is not None:
        since = [name for name, time in changed.items() if before.get(name) != time]
        if len(since) <= _MOST_SINGLE and all(map(_PLAIN_ID, since)):
            added = _single(fetch, at, ecosystem, since, most_added)
            if added is not None:
                return added
    found = fetch.sound(at("all.zip"), f"{ecosystem}.zip")
    if found:
        remove_quietly(fetch.path(f"{ecosystem}.jsonl"))
        _note_ids(fetch, ecosystem)
    return found


def _note_ids(fetch: Fetch, ecosystem: str) -> None:
    """What the server listed is here now. Only now: an update may be ended in its middle."""
    with suppress(FileNotFoundError):
        fetch.link(f"{ecosystem}.new.csv", f"{ecosystem}.csv")


def _changed_ids(fetch: Fetch, at: _At, ecosystem: str) -> dict[str, str] | None:
    """Ids with their times of modification; None where a server has no such list, or another page.

    An empty list would say that nothing has changed, for ever.
    """
    name = f"{ecosystem}.new.csv"
    try:
        fetch.get(at("modified_id.csv"), name, LIST_BYTES)
    except NotFoundError:
        return None
    found = fetch.pairs(name, 1) or {}
    return found if found and all(map(_TIME, found.values())) else None


def _single(
    fetch: Fetch, at: _At, ecosystem: str, identifiers: list[str], most_added: int
) -> bool | None:
    """Add the records with these ids to what was fetched one by one before.

    Returns:
        True where there were any; None where the export is to be fetched instead.
    """
    if not identifiers:
        return False
    try:
        fetch.add_lines(
            f"{ecosystem}.jsonl", _records(fetch, at, ecosystem, identifiers, most_added)
        )
    except _Unfit:
        return None
    _note_ids(fetch, ecosystem)
    return True


class _Unfit(Exception):  # noqa: N818 - not an error: there is another way
    """Records one by one are too many bytes, or one is another page: the export will do."""


class _Named(msgspec.Struct):
    id: str


def _records(
    fetch: Fetch, at: _At, ecosystem: str, identifiers: list[str], most_added: int
) -> Iterator[bytes]:
    temporary, size = f"{ecosystem}.record", 0
    for name in identifiers:
        fetch.get(at(f"{name}.json"), temporary, DEFAULT_LIMITS.advisory_bytes)
        length = fetch.size(temporary)
        size += length
        if size > most_added:
            raise _Unfit
        with open(fetch.path(temporary), "rb") as file:
            raw = file.read(length)
        if _id_of(raw) != name:
            raise _Unfit
        yield raw


def _id_of(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_Named).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
