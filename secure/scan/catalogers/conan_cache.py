"""C and C++ packages in the cache of Conan 2: the table of p/cache.sqlite3.

Source: conan-io/conan, conan/internal/cache/db/packages_table.py: its columns begin with reference,
recipe revision, package id, package revision, path. Each row is one binary of a package.
"""

from __future__ import annotations

from secure.facts.location import text
from secure.oci.limits import MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.conan_lock import referred
from secure.scan.formats.checked import Found
from secure.scan.formats.pieces import FormatError
from secure.scan.formats.sqlite import table_rows

_TABLE = b"packages"


def parse_cache(file: FileView) -> Found:
    seen: set[str] = set()
    try:
        for row in table_rows(file.content, _TABLE):
            if isinstance(row, FormatError):
                yield file.unreadable(str(row))
                continue
            reference, revision = (
                text(column) if isinstance(column, bytes) else ""
                for column in (*row, None, None)[:2]
            )
            whole = f"{reference}#{revision}" if revision else reference
            if whole not in seen:
                seen.add(whole)
                yield from referred(file, CONAN_CACHE.name, whole, declared=False)
    except FormatError as wrong:
        yield file.unreadable(str(wrong))


CONAN_CACHE = Cataloger(
    name="conan-cache",
    version=1,
    wants=("*/p/cache.sqlite3",),
    max_bytes=32 * MIB,
    parse=parse_cache,
    database=False,
)
