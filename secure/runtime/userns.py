"""Work as root of a user namespace: unpack and remove files that belong to subordinate ids.

Not on the launch path: a child by fork(2), which may import and allocate as it likes.
"""

from __future__ import annotations

import os

from secure.errors import LaunchError
from secure.kernel.namespaces import CLONE_NEWUSER, unshare
from secure.runtime import idmaps, protocol
from secure.runtime.plan import IdMaps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

CALLER_INSIDE = 65_536  # the caller's own id, above every id of an image
_MAX_RESULT = 1 << 20


def as_root_inside(maps: IdMaps, work: Callable[[], bytes]) -> bytes:
    """Run `work` in a child that is uid 0 of a new user namespace with the ids of `maps`.

    The caller's own ids are mapped as well, so that the child may write into, and give away, a
    directory that the caller made.

    Returns:
        What `work` returned, at most 1 MiB.

    Raises:
        SecureError: `work` failed, or the maps were refused.
    """
    go_reader, go = os.pipe2(os.O_CLOEXEC)
    status, status_writer = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        os.close(go)
        os.close(status)
        _child(go_reader, status_writer, work)
    os.close(go_reader)
    os.close(status_writer)
    try:
        protocol.expect(status, protocol.READY)
        idmaps.apply(child, _with_caller(maps))
        os.write(go, protocol.MAPPED)
        protocol.expect(status, protocol.GO)
        with open(status, "rb", closefd=False) as file:
            result = file.read(_MAX_RESULT)
    finally:
        os.close(go)
        os.close(status)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        raise LaunchError(f"a helper process of secure ended with {code}")
    return result


def _child(go: int, status: int, work: Callable[[], bytes]) -> NoReturn:
    code = 1
    try:
        unshare(CLONE_NEWUSER)
        os.write(status, protocol.READY)
        protocol.expect(go, protocol.MAPPED)
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        result = work()
        with open(status, "wb", closefd=False) as file:
            file.write(protocol.GO + result)
        code = 0
    except BaseException as error:  # noqa: BLE001 - nothing may unwind into the parent's code
        os.write(status, protocol.failure(error))
        code = 0
    finally:
        os._exit(code)


def _with_caller(maps: IdMaps) -> IdMaps:
    return IdMaps(
        maps.kind,
        (*maps.uid_rows, (CALLER_INSIDE, os.geteuid(), 1)),
        (*maps.gid_rows, (CALLER_INSIDE, os.getegid(), 1)),
        maps.groups_dropped,
    )
