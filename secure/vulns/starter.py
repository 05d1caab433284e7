"""The database of the starter set, from the records of vulndb/starter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from secure.oci.limits import DEFAULT_LIMITS
from secure.vulns.build import Content, Feed, build
from secure.vulns.osv import Advisory, Refused, read


def build_starter(path: str, files: Iterable[bytes], built_at: str) -> None:
    """Write the database of the records in `files` to `path`, whole or not at all."""
    content = Content()
    records = (one for raw in files for one in _records(content.feed(raw)))
    build(path, [Feed("starter", records, content)], built_at, starter=True)


def _records(raw: bytes) -> Iterator[Advisory | Refused]:
    """The records of one file: one, or a list."""
    if raw.lstrip()[:1] != b"[":
        yield read(raw, DEFAULT_LIMITS)
        return
    for one in msgspec.json.decode(raw, type=list[msgspec.Raw]):
        yield read(bytes(one), DEFAULT_LIMITS)
