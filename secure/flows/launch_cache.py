"""What launches keep: records of images by what their file is, and verdicts that still hold.

On the launch path. Private caches of the caller: all of it can be deleted at any time.
"""

from __future__ import annotations

import marshal
import os

from secure import __version__
from secure.facts.verdict import Verdict
from secure.flows.clock import now
from secure.flows.launch_records import plain, verdict_from
from secure.sha256 import sha256_hex
from secure.store.paths import cache_dir, data_dir
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from secure.policy.settings import Policy
    from secure.runtime.record import LaunchRecord

_MAX_VERDICT = 4 * 1024 * 1024


@value
class Prepared:
    """An image, and what the policy says about it at stage `launch`."""

    record: LaunchRecord
    verdict: Verdict


def record_path(reference: str, kind: str) -> str:
    """Where the launch record of `reference` is kept; "" if it is no single file."""
    try:
        status = os.stat(reference)
    except OSError:
        return _path("launch", f"name\0{reference}\0{kind}\0{_names_state()}")
    if status.st_mode & 0o170000 != 0o100000:
        return ""
    what = (
        os.path.realpath(reference), status.st_dev, status.st_ino, status.st_size,
        status.st_mtime_ns, status.st_ctime_ns, kind,
    )  # fmt: skip
    return _path("launch", "file\0" + "\0".join(map(str, what)))


def _names_state() -> str:
    """Changes whenever a name in the store leads elsewhere: the file is replaced, never written."""
    try:
        status = os.stat(f"{data_dir()}/images/names.json")
    except OSError:
        return ""
    return f"{status.st_ino} {status.st_mtime_ns} {status.st_size}"


def verdict_path(digest: str, policy: Policy) -> str:
    """Where the verdict on an image by one policy is kept."""
    return _path("verdicts", f"{digest}\0{policy.digest}")


def read_verdict(digest: str, policy: Policy) -> Verdict | None:
    """A verdict given earlier and still valid: no waiver has expired, the facts are not too old."""
    try:
        fd = os.open(verdict_path(digest, policy), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return None
        valid_until, fields = marshal.loads(os.read(fd, _MAX_VERDICT))  # noqa: S302 - our own cache
        return verdict_from(fields) if now() < valid_until else None
    except (ValueError, EOFError, TypeError):
        return None
    finally:
        os.close(fd)


def write_verdict(digest: str, policy: Policy, verdict: Verdict, valid_until: str) -> None:
    """Keep a verdict for `read_verdict` until `valid_until` (RFC 3339, UTC)."""
    from secure.store.atomic import make_private_dir, write_file

    path = verdict_path(digest, policy)
    make_private_dir(os.path.dirname(path))
    write_file(path, marshal.dumps([valid_until, plain(verdict)]))


def _path(folder: str, key: str) -> str:
    name = sha256_hex(f"{__version__}\0{key}".encode("utf-8", "surrogateescape"))
    return f"{cache_dir()}/{folder}/{name}"
