"""From an image to its facts: every layer once, side by side, then merged."""

from __future__ import annotations

import importlib
import os
import time

import msgspec

from secure.facts.base_image import BaseImage
from secure.facts.image import ImageFacts, Unreadable
from secure.images.decompress import GZIP, ZSTD
from secure.kernel.libc import mallopt
from secure.oci.limits import DEFAULT_LIMITS, KIB, Limits
from secure.scan.cache import LayerCache, stamp
from secure.scan.layer_facts import LayerFacts
from secure.scan.one_pass import OnePass
from secure.scan.workers import Job, run_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from secure.images.image import Image, LayerBlob
    from secure.scan.secrets.engine import Engine
    from secure.scan.secrets.files import FileSearch

# malloc.h: what is larger gets an area of its own and goes back to the kernel at once; free memory
# on top does as well. glibc would keep what results of workers and documents have taken.
_MALLOC = {-3: 128 * KIB, -1: 256 * KIB}


def scan_image(  # noqa: PLR0913 - keywords, each with a default but one
    image: Image,
    *,
    limits: Limits = DEFAULT_LIMITS,
    cache_dir: str | None = None,
    workers: int | None = None,
    now: str,
    base: BaseImage | None = None,
    verify_files: bool = False,
    secrets: bool = True,
    meanwhile: Callable[[], object] | None = None,
) -> ImageFacts:
    """The facts of `image`.

    Args:
        image: opened; it is read by processes forked from this one.
        cache_dir: keeps compiled rules and the facts of verified layers; None keeps nothing.
        workers: processes side by side; None is one more than there are processors.
        now: RFC 3339, UTC: goes into the facts.
        base: the base image that the caller proved, see `secure.scan.base_layers`.
        verify_files: hash the files that packages claim, in a second pass.
        secrets: look for them; facts that others had looked for serve without as well.
        meanwhile: called once, while the workers read and this process would only wait.

    Returns:
        Facts. A layer that could not be read, or that is not what its digests promise, gives no
        facts but an `Unreadable`, and `complete` is false.

    Raises:
        MachineError: no process could be started, or hyperscan does not work here.
    """
    for option, most in _MALLOC.items():
        mallopt(option, most)
    engine = _engine(cache_dir) if secrets else None

    def while_waiting() -> None:
        _import_assembled()
        if meanwhile:
            meanwhile()

    cache = LayerCache(cache_dir, limits, secrets=secrets)
    layers = _layer_facts(image, engine, limits, cache, workers, while_waiting)
    from secure.scan.assembled import assembled

    return assembled(
        image, layers, engine, limits=limits, now=now, base=base, verify_files=verify_files
    )


def _layer_facts(
    image: Image,
    engine: Engine | None,
    limits: Limits,
    cache: LayerCache,
    workers: int | None,
    meanwhile: Callable[[], None],
) -> list[LayerFacts]:
    now_ns = time.time_ns()
    stamps = {blob.index: stamp(blob, now_ns) for blob in image.layers}
    kept = {blob.index: cache.load(blob.diff_id) for blob in image.layers}
    found = {
        index: facts
        for index, facts in kept.items()
        if facts is not None and cache.is_verified(stamps[index])
    }
    # The largest layer bounds the time of all: it must not start last.
    blobs = sorted(
        (blob for blob in image.layers if blob.index not in found),
        key=lambda blob: (kept[blob.index] is not None, -blob.size),
    )
    jobs = [(blob.index, _job(blob, engine, limits, kept[blob.index])) for blob in blobs]
    # One more than there are processors: layers are of unequal size, and while one worker waits for
    # the disk or for its own threads another goes on. No processor idles before the last layer.
    at_once = workers or len(os.sched_getaffinity(0)) + 1
    readable = tuple(fd for blob in blobs for fd in blob.descriptors)
    _import_decoders(blobs)
    for index, result in run_all(jobs, max(1, at_once), readable, meanwhile):
        cached = kept[index]
        found[index] = result.facts if cached is None or result.facts.voided else cached
        if not result.facts.voided:
            if cached is None:
                cache.save(image.layers[index].diff_id, result.packed)
            cache.mark_verified(stamps[index])
    return [found[index] for index in sorted(found)]


def _engine(cache_dir: str | None) -> Engine:
    """The rules, and all that a worker needs to look for secrets: it cannot import later."""
    importlib.import_module("secure.scan.secrets.files")
    from secure.scan.secrets.engine import Engine

    return Engine(cache_dir)


def _job(blob: LayerBlob, engine: Engine | None, limits: Limits, cached: LayerFacts | None) -> Job:
    if cached is None:

        def read() -> LayerFacts:
            stream = blob.open(limits)
            facts = OnePass(_search(engine), limits).run(stream.entries())
            if not stream.beyond:
                return facts
            why = f"{stream.beyond} bytes after the end of the layer's archive were not read"
            rest = (*facts.unreadable, Unreadable("", 0, why))
            return msgspec.structs.replace(facts, unreadable=rest)

        return read

    def verified() -> LayerFacts:
        # A diff-id is only a claim: without this, facts of a good layer would vouch for a bad one
        # that an altered archive carries in its place.
        blob.verify(limits)
        return LayerFacts()

    return verified


def _search(engine: Engine | None) -> FileSearch | None:
    if engine is None:
        return None
    from secure.scan.secrets.files import FileSearch

    return FileSearch(engine)


def _import_assembled() -> None:
    """8 ms while the workers are at it already."""
    importlib.import_module("secure.scan.assembled")


def _import_decoders(blobs: list[LayerBlob]) -> None:
    """A worker can open no file, so not import either; and 25 ms are only spent where needed."""
    forms = {blob.compression() for blob in blobs}
    if GZIP in forms:
        importlib.import_module("isal.igzip_lib")
    if ZSTD in forms:
        importlib.import_module("zstandard")
