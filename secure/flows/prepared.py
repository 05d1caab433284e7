"""Images that are ready to be launched: found in a millisecond, or prepared first.

On the launch path. A record is found by what the image file is (device, inode, size, times), or by
name in the store; what is launched is always the copy in the store, whose digests were checked.
"""

from __future__ import annotations

from secure import system as os
from secure.flows.launch_cache import Prepared, read_verdict, record_path
from secure.runtime import record as records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from secure.flows.policies import Effective


def find_or_prepare(
    reference: str, policy: Effective, kind: str, say: Callable[[str], object]
) -> Prepared:
    """The image at `reference`, ready to be launched with ids of `kind`.

    Args:
        kind: `SINGLE` or `RANGE`.
        say: told when the slow way has to be taken.

    Raises:
        InputError: it cannot be read, or is not what its digests promise.
    """
    place = record_path(reference, kind)
    found = records.read(place) if place else None
    if found is not None and all(os.path.isdir(layer) for layer in found.layers):
        verdict = read_verdict(found.digest, policy.digest)
        if verdict is not None:
            return Prepared(found, verdict)
    from secure.flows.prepare import prepare

    return prepare(reference, policy.policy(), kind, say)
