"""The database of the starter set, from the records and the releases of vulndb/."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import msgspec

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.build import Content, Feed, Tables, build
from secure.vulns.osv import Advisory, Refused, read
from secure.vulns.schema import Lifetime


def build_starter(path: str, files: Iterable[bytes], releases: bytes, built_at: str) -> None:
    """Write the database of the records in `files` to `path`, whole or not at all.

    Args:
        releases: see `read_releases`.
    """
    content = Content()
    records = (one for raw in files for one in _records(content.feed(raw)))
    tables = Tables(lifetimes=read_releases(releases))
    build(path, [Feed("starter", records, content)], built_at, tables, starter=True)


def read_releases(raw: bytes) -> dict[str, Lifetime]:
    """When releases of distributions end: lines of an ecosystem and the fields of `Lifetime`."""
    rows = csv.reader(raw.decode().splitlines()[1:])
    return {name: Lifetime(name.rpartition(":")[2], *rest) for name, *rest in rows}


def _records(raw: bytes) -> Iterator[Advisory | Refused]:
    """The records of one file: one, or a list."""
    if raw.lstrip()[:1] != b"[":
        yield read(raw, DEFAULT_LIMITS)
        return
    for one in msgspec.json.decode(raw, type=list[msgspec.Raw]):
        yield read(bytes(one), DEFAULT_LIMITS)
