"""How a process of a container comes to be: cloned into new namespaces, after joining others."""

from __future__ import annotations

import os

from secure.errors import LaunchError
from secure.kernel import signals
from secure.kernel.libc import clone
from secure.kernel.namespaces import NAMESPACES, owner, setns
from secure.runtime import protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from secure.facts.evidence import Difference

_CLONE_PARENT = 0x8000
FLAGS = dict(NAMESPACES) | {"time": 0x80}
# In the order of NAMESPACES; a joined pid namespace is that of the children.
_LINKS = tuple("pid_for_children" if name == "pid" else name for name, _ in NAMESPACES)


def born(
    flags: int, joins: list[tuple[str, int]], enter: Callable[[], None]
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The container's first process, a child of ours, in new and in joined namespaces.

    Joining changes the joiner, so a process in the middle does it, and clones as our child.

    Returns:
        Its pid, and (name, inode) of the namespaces of the process in the middle.

    Raises:
        SecureError: a namespace cannot be joined, or who joins was killed.
    """
    if not joins:
        pid = clone(flags | signals.SIGCHLD)
        if pid == 0:
            enter()
        return pid, ()
    reader, writer = os.pipe2(os.O_CLOEXEC)
    middle = os.fork()
    if middle == 0:
        try:
            ours = inode("/proc/self/ns/user")
            own = os.open("/proc/self/ns", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            for name, fd in sorted(joins, key=lambda join: _turn(join, ours)):
                setns(fd, FLAGS[name])
            entered = " ".join(os.readlink(link, dir_fd=own) for link in _LINKS)
            os.close(own)
            pid = clone(flags | _CLONE_PARENT | signals.SIGCHLD)
            if pid == 0:
                os.close(writer)  # its end is what the caller waits for
                enter()
            os.write(writer, b"%d %s" % (pid, entered.encode()))
        except BaseException as error:  # noqa: BLE001 - nothing may unwind into the caller's code
            os.write(writer, protocol.failure(error))
        finally:
            os._exit(0)
    os.close(writer)
    said = protocol.read_to_end(reader)
    os.close(reader)
    os.waitpid(middle, 0)
    if said.startswith(protocol.FAILED):
        protocol.raise_failure(said.removeprefix(protocol.FAILED))
    if not said:
        # What it had cloned by then sees the end of the caller's pipe, and ends.
        raise LaunchError("what joins the container's namespaces was killed")
    first, *links = said.decode().split()
    # A link reads "net:[4026531840]".
    inodes = (int(link.partition("[")[2].rstrip("]")) for link in links)
    return int(first), tuple(zip((name for name, _ in NAMESPACES), inodes, strict=True))


def _turn(join: tuple[str, int], ours: int) -> int:
    """The user namespace is what allows to join those it owns; those of ours, only before it."""
    name, fd = join
    return 1 if name == "user" else 2 if _owner_beside(ours, fd) >= 0 else 0


def _owner_beside(ours: int, fd: int) -> int:
    """The user namespace that a namespace belongs to, where that is not `ours`; else -1."""
    user = owner(fd)
    if user >= 0 and os.fstat(user).st_ino == ours:
        os.close(user)
        return -1
    return user


def owner_of(joins: list[tuple[str, int]]) -> int:
    """The user namespace of another container whose namespaces are joined; -1 if there is none.

    With one of its own, the kernel would let this container do nothing in those: not even mount a
    /proc for a joined pid namespace. The gate sees to it that the maps are the same.
    """
    ours = inode("/proc/self/ns/user")
    found = (_owner_beside(ours, fd) for _, fd in joins)
    return next((user for user in found if user >= 0), -1)


def inode(path: str) -> int:
    """Of what is at `path`, behind links."""
    return os.stat(path).st_ino


def at_gate(differences: tuple[Difference, ...]) -> LaunchError:
    """What is said of a process that did not pass."""
    first = differences[0]
    return LaunchError(
        f"killed at the gate: {first.what} should be {first.planned}, the kernel says "
        f"{first.found} ({len(differences)} differences in all)",
        do="This is a fault of secure or of this kernel; please report it.",
    )
