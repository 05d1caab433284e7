"""What launches keep: records of images by what their file is, and verdicts that still hold.

On the launch path. Private caches of the caller: all of it can be deleted at any time.
"""

from __future__ import annotations

import marshal

from secure import __version__
from secure import system as os
from secure.facts.verdict import Verdict
from secure.flows.clock import now
from secure.flows.plain_records import plain, verdict_from
from secure.sha256 import sha256_hex
from secure.store.paths import cache_dir, data_dir
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from secure.policy.settings import Policy
    from secure.runtime.record import LaunchRecord

_MAX_BYTES = 4 * 1024 * 1024
_MOST_KEPT = 512


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
        reference, status.st_dev, status.st_ino, status.st_size,
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


def read_verdict(digest: str, policy_digest: str) -> Verdict | None:
    """A verdict given earlier and still valid: no waiver has expired, the facts are not too old."""
    kept = read_plain(_verdict_place(digest, policy_digest))
    if kept is None:
        return None
    valid_until, fields = kept
    verdict = verdict_from(fields)
    # A verdict of the future is one of a wrong clock: it would be kept until then.
    return verdict if verdict.decided_at <= now() < valid_until else None


def write_verdict(digest: str, policy: Policy, verdict: Verdict, moment: str) -> None:
    """Keep a verdict that was given at `moment` for `read_verdict`."""
    until = valid_until(policy, moment)
    write_plain(_verdict_place(digest, policy.digest), [until, plain(verdict)])


def valid_until(policy: Policy, moment: str) -> str:
    """How long an answer given at `moment` may be kept, RFC 3339, UTC.

    A day, or the end of the day on which the first waiver expires.
    """
    from datetime import datetime, timedelta

    day_later = (datetime.fromisoformat(moment) + timedelta(hours=24)).isoformat(
        timespec="milliseconds"
    )
    ends = [f"{waiver.expires}T23:59:59.999Z" for waiver in policy.waivers]
    return min([day_later.replace("+00:00", "Z"), *(end for end in ends if end >= moment)])


def place(folder: str, question: bytes) -> str:
    """Where the answer to `question` is kept."""
    return f"{cache_dir()}/{folder}/{sha256_hex(question)}"


def read_plain(path: str) -> Any:
    """The plain data at `path`; None if there is none that we alone could have written."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return None
        most = min(status.st_size, _MAX_BYTES)
        return marshal.loads(os.read(fd, most))  # noqa: S302 - our own cache, like a .pyc
    except (ValueError, EOFError, TypeError):
        return None
    finally:
        os.close(fd)


def write_plain(path: str, content: Any) -> None:
    """Keep plain data for `read_plain`; a folder that has grown large starts anew.

    What cannot be kept is found out again the next time: a warning, no error.
    """
    from secure.errors import MachineError
    from secure.store.atomic import make_private_dir, remove_quietly, write_file
    from secure.store.messages import tell_unkept

    folder = os.path.dirname(path)
    try:
        make_private_dir(folder)
        names = os.listdir(folder)
        if len(names) >= _MOST_KEPT:
            for name in names:
                remove_quietly(f"{folder}/{name}")
        write_file(path, marshal.dumps(content))
    except MachineError as cause:
        tell_unkept(cause)
    except OSError as cause:
        tell_unkept(MachineError(f'cannot read directory "{folder}": {cause.strerror}'))


def _verdict_place(digest: str, policy_digest: str) -> str:
    return _path("verdicts", f"{digest}\0{policy_digest}")


def _path(folder: str, key: str) -> str:
    return place(folder, f"{__version__}\0{key}".encode("utf-8", "surrogateescape"))
