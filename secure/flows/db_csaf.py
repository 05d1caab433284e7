"""A publisher's VEX documents from the network: its weekly archive, then what has changed since.

    archive_latest.txt   the name of the newest archive: csaf_vex_2026-05-23.tar.zst
    changes.csv          path and time of every document: "2024/cve-2024-1086.json","2026-05-24T…"
    deletions.csv        the same of what was taken back
    FILE.sha256          of an archive or document, where there is one

Sources: CSAF 2.0, 7.1 (requirements 13 and 18); security.access.redhat.com/data/csaf/v2/vex.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta

import msgspec

from secure import system as os
from secure.errors import DocumentError, NotFoundError
from secure.facts.plain import plain
from secure.flows.db_fetch import LIST_BYTES, MOST_ADDED, Fetch
from secure.oci.limits import DEFAULT_LIMITS
from secure.store.atomic import remove_quietly, write_file

_MOST_SINGLE = 1_000  # documents of one update
_ARCHIVE = re.compile(
    r"[a-z_]{1,40}_([0-9]{4}-[0-9]{2}-[0-9]{2})\.tar\.(?:zst|gz|xz|bz2)"
).fullmatch
_DOCUMENT = re.compile(r"[0-9]{4}/(cve-[0-9]{4}-[0-9]{4,12})\.json").fullmatch
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{1,30}").fullmatch
_SHA256 = re.compile(r"([0-9a-f]{64})(?:\s|\Z)").match


def csaf_files(name: str) -> tuple[str, ...]:
    """The archive, documents that are newer, and what was taken back."""
    return (f"{name}.csaf.tar", f"{name}.csaf.jsonl", f"{name}.deleted.csaf.jsonl")


def csaf(
    fetch: Fetch,
    name: str,
    url: str,
    most_single: int = _MOST_SINGLE,
    most_added: int = MOST_ADDED,
) -> bool:
    """Bring the documents of one publisher up to date; True where anything was new.

    Args:
        most_single: documents that are fetched one by one.
        most_added: bytes of such documents; beyond, the newest archive is asked for.

    Raises:
        InputError, MachineError: something could not be had; what could is kept.
    """
    bases = fetch.at(name) or [url.rstrip("/")]
    listed = _listed(fetch, f"{name}.changes.csv", [f"{base}/changes.csv" for base in bases])
    if not listed:
        raise DocumentError(f"{name}: changes.csv lists no document")
    # Without the archive nothing that was noted is here.
    archived = os.path.exists(fetch.path(csaf_files(name)[0]))
    have = fetch.pairs(f"{name}.have.csv") if archived else None
    newer = [path for path, time in listed.items() if (have or {}).get(path) != time]
    renewed, added = False, fetch.size(csaf_files(name)[1])
    if have is None or len(newer) > most_single or added > most_added:
        have, renewed = _archived(fetch, name, bases, listed, have)
        newer = [path for path, time in listed.items() if have.get(path) != time]
    newer.sort(key=lambda path: (listed[path], path))
    wanted = {path: listed[path] for path in newer[:most_single]}
    try:
        found = _single(fetch, name, bases, wanted, have, most_added)
    finally:
        _note(fetch, f"{name}.have.csv", have)
    taken_back = _taken_back(fetch, name, bases, listed)
    if left := sum(have.get(path) != listed[path] for path in newer):
        raise NotFoundError(f"{left} changed documents are left for the next update")
    return renewed or found or taken_back


def _listed(fetch: Fetch, name: str, urls: list[str]) -> dict[str, str]:
    """Documents with their times."""
    fetch.get(urls, name, LIST_BYTES)
    found = fetch.pairs(name) or {}
    return {path: time for path, time in found.items() if _DOCUMENT(path) and _TIME(time)}


def _archived(
    fetch: Fetch, name: str, bases: list[str], listed: dict[str, str], have: dict[str, str] | None
) -> tuple[dict[str, str], bool]:
    """What is here once the newest archive is; True where it was not before."""
    latest = fetch.text([f"{base}/archive_latest.txt" for base in bases], f"{name}.latest").strip()
    found = _ARCHIVE(latest)
    # It is made in the night to its day, from what there was in the evening.
    made = _day_before(found[1]) if found else ""
    if not made:
        raise DocumentError(f'the newest archive is called "{plain(latest[:100])}"')
    noted = fetch.path(f"{name}.archive")
    with suppress(FileNotFoundError), open(noted, "rb") as file:
        if have is not None and file.read(200) == latest.encode():
            return have, False
    archive, documents, _ = csaf_files(name)
    # Until all is noted again, nothing of the former archive counts.
    remove_quietly(fetch.path(f"{name}.have.csv"))
    urls = [f"{base}/{latest}" for base in bases]
    fetch.get(urls, archive, digest=_told_digest(fetch, name, urls))
    remove_quietly(fetch.path(documents))
    write_file(noted, latest.encode())
    return {path: time for path, time in listed.items() if time < made}, True


def _day_before(day: str) -> str:
    """ "" where there is no such day."""
    try:
        return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return ""


def _single(
    fetch: Fetch,
    name: str,
    bases: list[str],
    wanted: dict[str, str],
    have: dict[str, str],
    most: int,
) -> bool:
    """Add these documents to those that came one by one before; `have` notes them.

    Args:
        most: bytes of documents that are held; after those that fill it no more is asked for.
    """
    lines: list[bytes] = []
    held = 0
    temporary = f"{name}.document"
    got: list[str] = []
    try:
        for path in wanted:
            if held > most:
                break
            urls = [f"{base}/{path}" for base in bases]
            with suppress(NotFoundError):  # deleted since it was listed
                digest = _told_digest(fetch, name, urls)
                fetch.get(urls, temporary, DEFAULT_LIMITS.advisory_bytes, digest)
                with open(fetch.path(temporary), "rb") as file:
                    lines.append(file.read(DEFAULT_LIMITS.advisory_bytes))
                held += len(lines[-1])
            got.append(path)
    finally:
        if lines:
            fetch.add_lines(csaf_files(name)[1], lines)
        have.update((path, wanted[path]) for path in got)
    return bool(lines)


def _taken_back(fetch: Fetch, name: str, bases: list[str], listed: dict[str, str]) -> bool:
    """Note documents that were deleted, as one that says so: the newest of an id counts.

    Args:
        listed: documents that there are; one that was published again afterwards is not gone.
    """
    with suppress(NotFoundError):
        urls = [f"{base}/deletions.csv" for base in bases]
        gone = sorted(_listed(fetch, f"{name}.deletions.csv", urls).items())
        made = [_deleted(path, time) for path, time in gone if listed.get(path, "") <= time]
        path = fetch.path(csaf_files(name)[2])
        content = b"".join(line + b"\n" for line in made)
        if not content and not os.path.exists(path):
            return False
        with suppress(FileNotFoundError), open(path, "rb") as file:
            if file.read(len(content) + 1) == content:
                return False
        write_file(path, content)
        return bool(content)
    return False


def _deleted(path: str, time: str) -> bytes:
    found = _DOCUMENT(path)
    identifier = found[1].upper() if found else ""
    tracking = {"id": identifier, "status": "deleted", "current_release_date": time}
    return msgspec.json.encode({"document": {"category": "csaf_vex", "tracking": tracking}})


def _told_digest(fetch: Fetch, name: str, urls: list[str]) -> str:
    """What the file beside another says of it; "" where there is none."""
    with suppress(NotFoundError):
        found = _SHA256(fetch.text([f"{url}.sha256" for url in urls], f"{name}.sha256"))
        return f"sha256:{found[1]}" if found else ""
    return ""


def _note(fetch: Fetch, name: str, have: dict[str, str]) -> None:
    lines = (f"{path},{time}\n" for path, time in have.items())
    write_file(fetch.path(name), "".join(lines).encode())
