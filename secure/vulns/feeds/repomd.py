"""The list of a repository's files (repodata/repomd.xml): where its updateinfo is.

Source: createrepo_c, src/repomd.c and src/xml_dump_repomd.c.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from secure.errors import DocumentError, NotFoundError
from secure.facts.plain import plain
from secure.oci.digest import Digest
from secure.oci.limits import MIB
from secure.xml_tree import Element, xml_tree

MAX_BYTES = 4 * MIB  # real ones have a few KiB
_PLACE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.+~/-]{0,300}").fullmatch


class Listed(NamedTuple):
    """A file of a repository: its place below the repository's address, and its digest."""

    place: str
    digest: str


def updateinfo(raw: bytes) -> Listed:
    """Where the advisories are.

    Raises:
        DocumentError, LimitExceededError: it is no list of a repository.
        UnsupportedError: the digest is neither a sha256 nor a sha512.
        NotFoundError: the repository has no advisories.
    """
    root = xml_tree(raw, MAX_BYTES)
    if root.name != "repomd":
        raise DocumentError(f'is no list of a repository: it begins with "{plain(root.name[:50])}"')
    found = next((one for one in root.all("data") if _type(one) == "updateinfo"), None)
    if found is None:
        raise NotFoundError("the repository has no advisories (updateinfo)")
    place = found.child("location").attributes.get("href", "")
    if not _PLACE(place):
        raise DocumentError(f'lists its advisories at "{plain(place[:100])}"')
    checksum = found.child("checksum")
    return Listed(place, str(Digest.parse(f"{_type(checksum)}:{checksum.text.strip()}")))


def _type(element: Element) -> str:
    return element.attributes.get("type", "")
