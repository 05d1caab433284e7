"""`secure oci exec` and `run`: processes that a caller may wait for."""

from __future__ import annotations

import os
import select

from secure.errors import LaunchError, UsageError
from secure.flows import oci_log
from secure.flows.oci_engine import connect, write_pid_file
from secure.flows.oci_policy import judge
from secure.kernel import signals, tty
from secure.kernel.capabilities import last_capability
from secure.oci.runtime_config import Process, read_config, read_process
from secure.runtime import stdio
from secure.runtime.oci.join import Joining, join
from secure.runtime.oci.plan import privileges_of
from secure.runtime.oci.state import CONFIG, RUNNING, Container, status_of
from secure.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable

    from secure.facts.evidence import Difference
    from secure.flows.oci_create import Request
    from secure.runtime.oci.entered import Entered
    from secure.runtime.stdio import Relay
    from secure.runtime.terminal import Terminal

_HANDLED = (*signals.FORWARDED, signals.SIGWINCH, signals.SIGCHLD)
_PERSONALITIES = {"LINUX": 0, "LINUX32": 8}


@value
class ExecRequest:
    """The flags of `exec`.

    Args:
        process_file: the process as JSON; "" where `args` and the rest say it.
    """

    root: str
    id: str
    process_file: str
    args: tuple[str, ...]
    cwd: str
    env: tuple[str, ...]
    user: str
    tty: bool
    pid_file: str
    console_socket: str
    detach: bool
    preserve: int


def exec_in_container(request: ExecRequest) -> int:
    """Run one more process in a container; its exit code, or 0 with --detach.

    Raises:
        LaunchError: the container does not run, or the program cannot be executed.
        PolicyRefusedError: the policy does not grant what the process asks for.
    """
    with Container.open(request.root, request.id) as container:
        state = container.state()
        status = status_of(container, state)
        if status != RUNNING:
            raise LaunchError(f'container "{request.id}" cannot be entered: it is {status}')
        config = read_config(container.read(CONFIG))
        filters = tuple(container.read(f"filter.{n}") for n in range(state.filters))
    process = _process(request, config.process)
    granted = judge(request.id, state.bundle, replace(config, process=process))
    console, mine = _console(request, process)
    personality = _PERSONALITIES.get(config.personality[0]) if config.personality else None

    def record(found: Entered, differences: tuple[Difference, ...]) -> None:
        oci_log.entered(request.id, process.args, found, differences)

    joining = Joining(
        process, privileges_of(process, groups_fixed=state.groups_fixed), personality, filters,
        granted.listener, last_capability(), console, request.preserve, record,
    )  # fmt: skip
    foreground = _Foreground()
    pid = join(state, joining)
    if request.pid_file:
        write_pid_file(request.pid_file, pid)
    if request.detach:
        return 0
    return foreground.wait(pid, mine)


def run_container(request: Request, *, detach: bool, keep: bool) -> int:
    """create, start, wait, delete; the program's exit code, or 0 with --detach."""
    from secure.flows import oci_lifecycle
    from secure.flows.oci_create import create_container

    foreground = _Foreground()
    theirs, mine = (None, None)
    if not detach and not request.console_socket and _wants_terminal(request):
        mine, theirs = _channel()
    try:
        state = create_container(request, theirs)
    finally:
        if theirs is not None:
            theirs.close()
    try:
        oci_lifecycle.start_container(request.root, request.id, request.say)
        if detach:
            return 0
        return foreground.wait(state.init.pid, mine)
    finally:
        if not (detach or keep):
            oci_lifecycle.delete_container(request.root, request.id, request.say, force=True)


def _wants_terminal(request: Request) -> bool:
    with open(f"{request.bundle or '.'}/config.json", "rb") as file:
        process = read_config(file.read((4 << 20) + 1)).process
    return process is not None and process.terminal


def _channel() -> tuple[socket, socket]:
    from secure.runtime.terminal import channel

    return channel()


def _process(request: ExecRequest, usual: Process | None) -> Process:
    """The process file; else the container's own process with what the flags change."""
    if request.process_file:
        try:
            with open(request.process_file, "rb") as file:
                return read_process(file.read((4 << 20) + 1))
        except OSError as cause:
            raise UsageError(
                f'--process "{request.process_file}" cannot be read: {cause.strerror}'
            ) from cause
    if usual is None or not request.args:
        raise UsageError("exec needs a command, or --process FILE")
    user, _, group = request.user.partition(":")
    if not all(part.isdecimal() or not part for part in (user, group)):
        raise UsageError(f'--user "{request.user}": numbers expected, UID[:GID]')
    return replace(
        usual,
        args=request.args,
        cwd=request.cwd or usual.cwd,
        env=(*usual.env, *request.env),
        uid=int(user) if user else usual.uid,
        gid=int(group) if group else usual.gid,
        terminal=request.tty,
    )


def _console(request: ExecRequest, process: Process) -> tuple[socket | None, socket | None]:
    """(what the joiner sends the master over, our end of it)."""
    if not process.terminal:
        return None, None
    if request.console_socket:
        return connect(request.console_socket), None
    if request.detach:
        raise UsageError("--detach with a terminal needs --console-socket")
    mine, theirs = _channel()
    return theirs, mine


class _Foreground:
    """Waits for a child of ours, forwards signals, and copies a terminal."""

    def __init__(self) -> None:
        self._wake, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signals.on(_HANDLED, _noticed)
        signals.wake_by(writer)

    def wait(self, pid: int, mine: socket | None) -> int:
        """The exit code of `pid`, 128 + n for signal n."""
        terminal: Terminal | None = None
        relays: list[Relay] = []
        if mine is not None:
            from secure.runtime.terminal import Terminal as Joined

            terminal = Joined.join(tty.receive_descriptor(mine))
            relays = list(terminal.relays())
        try:
            return self._loop(pid, relays, lambda: terminal.resize() if terminal else None)
        finally:
            if terminal:
                terminal.restore()

    def _loop(self, pid: int, relays: list[Relay], resize: Callable[[], None]) -> int:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        for relay in relays:
            poll.register(relay.source, select.POLLIN)
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                _drain(relays)
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            ready = {fd for fd, _ in poll.poll()}
            for relay in [r for r in relays if r.source in ready]:
                if not stdio.copy(relay, _wait_for):
                    poll.unregister(relay.source)
                    relays.remove(relay)
            if self._wake in ready:
                self._handle(pid, resize)

    def _handle(self, pid: int, resize: Callable[[], None]) -> None:
        for number in os.read(self._wake, 512):
            if number in signals.FORWARDED:
                os.kill(pid, number)
            elif number == signals.SIGWINCH:
                resize()


def _drain(relays: list[Relay]) -> None:
    """Every writer has ended: what is there now is all there will be."""
    for relay in relays:
        while not relay.inward and stdio.copy(relay, _wait_for):
            pass


def _wait_for(target: int) -> bool:
    """Until a terminal takes more."""
    poll = select.poll()
    poll.register(target, select.POLLOUT)
    poll.poll()
    return True


def _noticed(number: int, frame: object) -> None:
    """The byte on the wake-up pipe is all that is wanted."""
