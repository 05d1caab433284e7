"""The images of this machine: load, list, remove."""

from __future__ import annotations

from secure.errors import NotFoundError
from secure.flows.policies import effective_policy
from secure.flows.prepare import prepare, store
from secure.images.content import StoredImage
from secure.runtime.idmaps import kind_for
from secure.runtime.plan import RANGE, SINGLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def load(path: str, name: str, id_map: str, say: Callable[[str], object]) -> StoredImage:
    """Verify, scan and unpack the image at `path`, and let `name` lead to it.

    Raises:
        InputError: it cannot be read, or is not what its digests promise.
        NotFoundError: the policy denies it, so nothing was stored.
    """
    kind = kind_for(id_map)
    ready = prepare(path, effective_policy(""), kind, say)
    found = store(kind).find(ready.record.config_digest)
    if found is None:
        raise NotFoundError(
            f'"{path}" was not stored: the policy denies it', do=f"See: secure check {path}"
        )
    if name:
        store(kind).tag(found.config_digest, name)
    return found


def images() -> tuple[StoredImage, ...]:
    """Everything in the store."""
    return store(SINGLE).list()


def remove(name: str) -> tuple[str, ...]:
    """Remove an image and the layers only it needed; answers the removed directories."""
    return store(RANGE).remove(name)
