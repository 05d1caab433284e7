"""Python distributions in one archive: wheels, and eggs as files; Python imports from both.

Sources: PEP 427 (wheel); setuptools documentation, "The Internal Structure of Python Eggs".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from secure.errors import InputError
from secure.facts.location import text
from secure.oci.limits import GIB, MIB
from secure.scan.cataloger import Cataloger, FileView
from secure.scan.catalogers.python_dist import metadata_record
from secure.scan.formats.checked import Found
from secure.scan.formats.integrity import Hashes
from secure.scan.formats.zip import Budget, ZipStream

_METADATA = re.compile(rb"[^/]+\.dist-info/METADATA|EGG-INFO/PKG-INFO")
_METADATA_BYTES = 8 * MIB
_MOST_METADATA = 2  # no archive may have more than one


def parse_archive(file: FileView) -> Found:
    """One package. Indexes and lock files know the archive by SHA-256, BSI asks for SHA-512."""
    digests = hashlib.sha256(usedforsecurity=False), hashlib.sha512(usedforsecurity=False)
    described: list[bytes] = []
    hashes: Hashes = ()
    try:
        chunks = _hashed(file, digests)
        members = ZipStream(chunks, Budget(text(file.name)))
        for member in members:
            if len(described) < _MOST_METADATA and _METADATA.fullmatch(member.name):
                described.append(member.read(_METADATA_BYTES))
        for _ in chunks:  # what follows its end belongs to the digest
            pass
        yield from (file.unreadable(fault) for fault in members.faults)
        hashes = tuple((one.name, one.hexdigest()) for one in digests)
    except InputError as cause:
        yield file.unreadable(cause.what)
    else:
        if not described:
            yield file.unreadable("holds no metadata of a Python distribution")
    if len(described) > 1:
        yield file.unreadable("holds metadata of more than one Python distribution")
    for content in described:
        yield metadata_record(file, PYTHON_ARCHIVE.name, content, hashes)


def _hashed(file: FileView, digests: Iterable[hashlib._Hash]) -> Iterator[bytes]:
    for piece in file.chunks():
        for digest in digests:
            digest.update(piece)
        yield piece


PYTHON_ARCHIVE = Cataloger(
    name="python-archive",
    version=2,
    wants=("*.whl", "*.egg"),
    max_bytes=4 * GIB,  # streamed; what is unpacked has bounds of its own
    parse=parse_archive,
    database=False,
    streamed=True,
)
