"""Are claimed files what their packages brought? A second pass that hashes claimed files alone.

Asked for by `--verify-files`: dpkg has MD5, which no processor computes quickly, and which digest
a file needs is known only after the databases of all layers were read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping

import msgspec

from secure.facts.image import Unreadable
from secure.facts.location import text
from secure.facts.ownership import ClaimedFile, Disagreement, FileClaims
from secure.facts.package import Package
from secure.images.entry import FILE, HARDLINK, SYMLINK, Entry
from secure.oci.limits import Limits
from secure.scan.layer_facts import LayerFacts
from secure.scan.owners import Claim
from secure.scan.workers import Job, run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.images.image import Image, LayerBlob

_OTHER = b""  # in the place of a digest: what is there is no regular file


def verified(
    told: FileClaims,
    claims: Mapping[bytes, Claim],
    shown: Mapping[bytes, int],
    packages: list[Package],
    digests: Mapping[bytes, bytes],
) -> FileClaims:
    """`told` with what a comparison of `digests` found.

    Args:
        shown: the claimed names that are there, and the layer each comes from.
        packages: those that the claims number.
    """
    compared = [name for name in shown if name in digests]
    changed = [
        ClaimedFile(text(name), packages[claims[name].package].purl, Disagreement.CHANGED)
        for name in compared
        if digests[name] != claims[name].digest
    ]
    return msgspec.structs.replace(
        told,
        verified=len(compared),
        changed=tuple(sorted(changed, key=lambda one: one.path)),
    )


def claimed_digests(
    image: Image, claims: Mapping[bytes, Claim], shown: Mapping[bytes, int], limits: Limits
) -> tuple[dict[bytes, bytes], list[Unreadable]]:
    """Digests of the claimed files that are there, one process for each layer that has some.

    A hard link to a file that nobody claims has none. Configuration files are left out.
    """
    wanted: dict[int, dict[bytes, str]] = {}
    for name, layer in shown.items():
        claim = claims[name]
        if claim.digest and not claim.config:
            wanted.setdefault(layer, {})[name] = claim.algorithm
    blobs = sorted((image.layers[index] for index in wanted), key=lambda blob: -blob.size)
    jobs = [(blob.index, _job(blob, wanted[blob.index], limits)) for blob in blobs]
    readable = tuple(fd for blob in blobs for fd in blob.descriptors)
    found: dict[bytes, bytes] = {}
    unreadable: list[Unreadable] = []
    for index, result in run_all(jobs, len(os.sched_getaffinity(0)), readable):
        found |= result.facts.digests
        unreadable += [Unreadable(u.path, index, u.why) for u in result.facts.unreadable]
    return found, unreadable


def _job(blob: LayerBlob, wanted: Mapping[bytes, str], limits: Limits) -> Job:
    return lambda: LayerFacts(digests=digests_of(blob.entries(limits), wanted))


def digests_of(entries: Iterable[Entry], wanted: Mapping[bytes, str]) -> dict[bytes, bytes]:
    """Raw digests of the entries whose names are `wanted`, each by the algorithm beside it."""
    found: dict[bytes, bytes] = {}
    for entry in entries:
        algorithm = wanted.get(entry.name)
        if algorithm is None:
            continue
        # A second entry of one name replaces the first.
        found.pop(entry.name, None)
        if entry.kind != HARDLINK:
            found[entry.name] = _digest(entry, algorithm)
        elif wanted.get(entry.link) == algorithm and entry.link in found:
            found[entry.name] = found[entry.link]
    return found


def _digest(entry: Entry, algorithm: str) -> bytes:
    if entry.kind == SYMLINK and algorithm == "sha1":
        # apk's checksum of a link is that of its target.
        return hashlib.sha1(entry.link, usedforsecurity=False).digest()
    if entry.kind != FILE:
        return _OTHER
    state = hashlib.new(algorithm, usedforsecurity=False)
    for piece in entry.chunks():
        state.update(piece)
    return state.digest()
