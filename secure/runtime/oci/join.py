"""`exec`: one more process in a container that runs.

    exec                                     the joiner
    ────                                     ──────────
    a process in the middle joins, clones    waits
    cgroup
    MAPPED ────────────────────────────────▶ terminal, limits, ids, capabilities, filters
    (a filter's listener to its agent ◀──── LISTENER: see `listener`)
    evidence, compared, recorded ◀─── READY
    GO ────────────────────────────────────▶ execve

The joiner is non-dumpable before it enters and until its execve: nothing inside can read its memory
or open its files and program through /proc (CVE-2016-9962, CVE-2019-5736). It opens no path of the
container but the pty's, and imports nothing after it has joined.
"""

from __future__ import annotations

import gc
import os

from secure.errors import LaunchError, MachineError
from secure.kernel import apparmor, descriptors, signals
from secure.kernel.namespaces import NAMESPACES, in_first_user_namespace
from secure.kernel.prctl import PR_SET_DUMPABLE, prctl
from secure.runtime import init, protocol
from secure.runtime.observe import id_map, root_mount
from secure.runtime.oci import cgroup, inside, listener
from secure.runtime.oci.birth import at_gate, born
from secure.runtime.oci.cgroup import Place
from secure.runtime.oci.entered import Wanted, compare, observe
from secure.runtime.oci.listener import Passing
from secure.runtime.oci.state import RUNNING, document
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import NoReturn

    from secure.facts.evidence import Difference
    from secure.oci.runtime_config import IdRows, Process
    from secure.oci.seccomp_config import Listener
    from secure.runtime.oci.entered import Entered
    from secure.runtime.oci.plan import Privileges
    from secure.runtime.oci.state import State

    Record = Callable[[Entered, tuple[Difference, ...]], None]


_SAME = ((0, 0, 0xFFFFFFFF),)


@value
class Joining:
    """What the joining process needs.

    Args:
        personality: of the container, None where it has none.
        listener: whose agent answers for the last filter, or None.
        console: takes the terminal's master, or None.
        preserve: descriptors beyond standard error to hand on.
        record: is handed the evidence and every difference, before the program runs.
    """

    process: Process
    privileges: Privileges
    personality: int | None
    filters: tuple[bytes, ...]
    listener: Listener | None
    last_capability: int
    console: socket | None
    preserve: int
    record: Record


def join(state: State, joining: Joining) -> int:
    """Start a process in the container; returns its pid when its execve has worked.

    Raises:
        SecureError: it could not be started.
    """
    try:
        return _joined(state, joining)
    except (OSError, MachineError) as cause:
        # While it ends, its namespaces go before it does.
        gone = isinstance(cause, (FileNotFoundError, ProcessLookupError))
        if state.init.lives() and not gone:
            raise
        raise _ended(state) from cause


def _ended(state: State) -> LaunchError:
    return LaunchError(f'container "{state.id}" has ended')


def _joined(state: State, joining: Joining) -> int:
    if joining.process.apparmor:
        apparmor.check_enabled(joining.process.apparmor)
    spaces = _namespaces(state.init.pid)
    if not state.init.lives():
        raise _ended(state)
    status, writer = os.pipe2(os.O_CLOEXEC)
    go_reader, go = os.pipe2(os.O_CLOEXEC)
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    ours, theirs, passing = [go, status], [proc, writer, go_reader], None
    if joining.listener:
        mine, socket = descriptors.socket_pair()
        ours.append(mine)
        theirs.append(socket)
        passing = Passing(socket, joining.listener.killable)
    held = _Held(proc, go_reader, writer, passing)
    prctl(PR_SET_DUMPABLE, 0)
    pid, entered = born(0, spaces, lambda: _enter(joining, held, ours))
    for fd in (*theirs, *(fd for _, fd in spaces)):
        os.close(fd)
    prctl(PR_SET_DUMPABLE, 1)
    try:
        cgroup.join(Place("", tuple((d, d) for d in state.cgroups)), pid)
        os.write(go, protocol.MAPPED)
        wait = protocol.at_once
        if joining.listener:
            wait = _hand_over(state, joining.listener, pid, ours)
        protocol.expect(status, protocol.READY, wait)
        _pass_gate(state, joining, pid, entered)
        os.write(go, protocol.GO)
        message = protocol.read_to_end(status, wait)
        if message:
            protocol.raise_failure(message.removeprefix(protocol.FAILED))
    except BaseException:
        os.kill(pid, signals.SIGKILL)  # it may wait for an agent
        os.waitpid(pid, 0)
        raise
    finally:
        for fd in ours:
            os.close(fd)
    return pid


def _hand_over(state: State, listener: Listener, pid: int, ours: list[int]) -> Callable[[], None]:
    """Send the listener to its agent; how to wait for a process that may wait for the agent."""
    from secure.runtime.oci import agent

    _, status, passing = ours
    protocol.expect(status, protocol.LISTENER)
    agent.hand_over(passing, listener, pid, document(state, RUNNING))
    return agent.patience(status)


def _pass_gate(
    state: State, joining: Joining, pid: int, entered: tuple[tuple[str, int], ...]
) -> None:
    first = state.init.pid
    try:
        wanted = Wanted(
            joining.process, joining.privileges, _map(first, "uid"), _map(first, "gid"),
            tuple((name, os.stat(f"/proc/{first}/ns/{name}").st_ino) for name, _ in NAMESPACES),
            root_mount(first), state.cgroups, len(joining.filters), in_first_user_namespace(),
        )  # fmt: skip
        found = observe(pid, entered, state.cgroups)
    except (FileNotFoundError, ProcessLookupError) as cause:
        raise _ended(state) from cause
    differences = compare(wanted, found)
    joining.record(found, differences)
    if differences:
        raise at_gate(differences)


def _map(pid: int, kind: str) -> IdRows:
    """How ids of a container show here: as they are, where it shares our user namespace."""
    shared = os.stat(f"/proc/{pid}/ns/user").st_ino == os.stat("/proc/self/ns/user").st_ino
    return _SAME if shared else id_map(pid, kind)


def _namespaces(pid: int) -> list[tuple[str, int]]:
    """Those of `pid` that are not ours, open."""
    found = []
    for name in (*(name for name, _ in NAMESPACES), "time"):
        fd = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        if os.fstat(fd).st_ino == os.stat(f"/proc/self/ns/{name}").st_ino:
            os.close(fd)
        else:
            found.append((name, fd))
    return found


@value
class _Held:
    """What the joiner holds of others."""

    proc: int
    go: int
    status: int
    passing: Passing | None


def _enter(joining: Joining, held: _Held, others: list[int]) -> NoReturn:
    go, status, passing = held.go, held.status, held.passing
    try:
        gc.disable()
        init.forbid_imports()
        for fd in others:
            os.close(fd)
        os.setsid()
        protocol.expect(go, protocol.MAPPED)
        _become_root_inside(joining.privileges)
        if joining.console is not None:
            inside.take_terminal(joining.process, joining.console, place="")
        inside.become(
            joining.process, joining.privileges, joining.last_capability, joining.personality,
            held.proc,
        )  # fmt: skip
        prctl(PR_SET_DUMPABLE, 0)  # a change of ids has set it back
        inside.find_program(joining.process)
        inside.close_beyond(joining.preserve, (status, go, *([passing.socket] if passing else [])))
        signals.set_default((signals.SIGCHLD,))
        listener.install(joining.filters, passing, status)
        os.write(status, protocol.READY)
        protocol.expect(go, protocol.GO)
        inside.execute(joining.process)
    except BaseException as error:  # noqa: BLE001 - nothing may unwind into the caller's code
        os.write(status, protocol.failure(error))
    finally:
        os._exit(1)


def _become_root_inside(privileges: Privileges) -> None:
    """uid 0 of the container where it has one: what is made until the last step belongs to it."""
    try:
        if privileges.groups is not None:
            os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    except OSError:
        return  # no uid 0 is mapped: the caller's own id has every capability there as well
    finally:
        prctl(PR_SET_DUMPABLE, 0)
