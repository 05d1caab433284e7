"""The slow half of a launch: read, verify, scan, judge, unpack, and keep what a start needs."""

from __future__ import annotations

import os

import msgspec

from secure import __version__
from secure.errors import DocumentError, MachineError, NotFoundError
from secure.facts.image import ImageFacts
from secure.facts.plain import plain
from secure.facts.verdict import ALLOW, LAUNCH, Verdict
from secure.flows import kept_facts, launch_cache
from secure.flows.clock import now
from secure.images.content import ContentStore, OwnerKind, StoredImage, unpack_here
from secure.images.image import Image, LayerBlob
from secure.images.layer_root import remove_tree
from secure.images.source import open_image
from secure.images.unpack import UnpackReport
from secure.oci.limits import DEFAULT_LIMITS, Limits
from secure.policy.judge import judge_image
from secure.policy.settings import Policy
from secure.runtime import record as records
from secure.runtime.idmaps import choose
from secure.runtime.plan import RANGE, IdMaps
from secure.runtime.record import LaunchRecord
from secure.runtime.userns import CALLER_INSIDE, as_root_inside
from secure.scan.image import scan_image
from secure.store.atomic import make_private_dir
from secure.store.messages import tell_unkept
from secure.store.paths import cache_dir, data_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_TOLD = 10


def prepare(
    reference: str, policy: Policy, kind: str, say: Callable[[str], object]
) -> launch_cache.Prepared:
    """Make the image at `reference` ready; one that is not allowed is not unpacked.

    Raises:
        InputError: it cannot be read, or is not what its digests promise.
    """
    # Before it is read: what another put in its place meanwhile is not what is recorded.
    place = launch_cache.record_path(reference, kind)
    stored = None if os.path.lexists(reference) else store(kind).find(reference, _kind(kind))
    if stored is not None:
        facts = _facts_of(stored)
    else:
        say(f"secure: preparing {plain(reference)}\n")
        with open_image(reference) as image:
            facts = scan_image(image, cache_dir=cache_dir(), now=now())
            verdict = _judge(policy, facts)
            if verdict.outcome != ALLOW:
                _tell_unreadable(facts, say)
                return launch_cache.Prepared(_record(reference, facts, ()), verdict)
            if not image.layers:
                raise DocumentError(
                    f'"{reference}" has no layers: there is no program in it',
                    do="Build it from a base image, or copy a program into it.",
                )
            stored = _unpack(image, kind)
        kept_facts.keep(facts)
    verdict = _judge(policy, facts)
    record = _record(reference, facts, stored.layers)
    if place and place == launch_cache.record_path(reference, kind):
        try:
            make_private_dir(os.path.dirname(place))
            records.write(place, record)
        except MachineError as cause:
            tell_unkept(cause)  # the next launch prepares the image again
    return launch_cache.Prepared(record, verdict)


def _tell_unreadable(facts: ImageFacts, say: Callable[[str], object]) -> None:
    for one in facts.unreadable[:_MOST_TOLD]:
        line = f"layer {one.layer}, {one.path}: {one.why}" if one.path else one.why
        say(f"secure: {plain(line)}\n")


def store(kind: str) -> ContentStore:
    """The caller's content store, able to remove what belongs to subordinate ids."""

    def remove_inside(folder: int, name: bytes) -> None:
        def work() -> bytes:
            remove_tree(folder, name)
            return b""

        as_root_inside(_maps(), work)

    remove = remove_inside if kind == RANGE and os.geteuid() != 0 else remove_tree
    return ContentStore(f"{data_dir()}/images", remove)


def _unpack(image: Image, kind: str) -> StoredImage:
    unpack = _unpack_inside if kind == RANGE else unpack_here
    return store(kind).put(image, DEFAULT_LIMITS, _kind(kind), unpack=unpack, names=())


def _unpack_inside(
    layer: LayerBlob, directory: int, keep_owner: bool, limits: Limits
) -> UnpackReport:
    """Unpack as root of the user namespace whose ids the files shall have."""

    def work() -> bytes:
        report = unpack_here(layer, directory, keep_owner, limits)
        # The layer's own top stays the caller's: it is still to be renamed. Nobody inside sees it,
        # the skeleton lies over it.
        os.fchown(directory, CALLER_INSIDE, CALLER_INSIDE)
        return msgspec.json.encode(report)

    return msgspec.json.decode(as_root_inside(_maps(), work), type=UnpackReport)


def _maps() -> IdMaps:
    return choose(RANGE, 0, 0)


def _kind(kind: str) -> OwnerKind:
    return "range" if kind == RANGE else "single"


def _judge(policy: Policy, facts: ImageFacts) -> Verdict:
    moment = now()
    verdict = judge_image(policy, facts, LAUNCH, moment)
    # Of an incomplete scan nothing is kept: an archive damaged on the way claims the digest of the
    # good one, which must not be refused for it later.
    if facts.digest and facts.complete:
        launch_cache.write_verdict(facts.digest, policy, verdict, moment)
    return verdict


def _record(reference: str, facts: ImageFacts, layers: tuple[str, ...]) -> LaunchRecord:
    config = facts.config
    return LaunchRecord(
        version=__version__,
        reference=reference,
        digest=facts.digest,
        config_digest=facts.config_digest,
        layers=layers,
        user=config.user,
        accounts=tuple((one.name, one.uid, one.gid, one.home) for one in facts.accounts),
        groups=tuple((one.name, one.gid) for one in facts.groups),
        entrypoint=config.entrypoint,
        cmd=config.cmd,
        env=config.env,
        working_dir=config.working_dir,
        volumes=config.volumes,
        stop_signal=config.stop_signal,
    )


def _facts_of(stored: StoredImage) -> ImageFacts:
    facts = kept_facts.kept(stored.digest)
    if facts is None:
        raise NotFoundError(
            f'the facts of image "{stored.reference}" are not kept any more',
            do="Load the image again from its file.",
        )
    return facts
