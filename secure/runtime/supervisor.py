"""Outside: start a container, hold it at the gate, watch it, clean up.

One process per container, no daemon. Whatever happens here, nothing is left: the container dies
with this process (PR_SET_PDEATHSIG, and its pid namespace with its init), and mounts die with their
namespace.
"""

from __future__ import annotations

import select

from secure import system as os
from secure.errors import LaunchError
from secure.kernel import descriptors, signals, tty
from secure.kernel.libc import argument_memory, clone
from secure.kernel.namespaces import NAMESPACES
from secure.runtime import idmaps, init, protocol, stdio
from secure.runtime.plan import RANGE, IdMaps
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from secure.facts.evidence import Difference, Evidence
    from secure.kernel.cgroups import Cgroup
    from secure.runtime.plan import Plan
    from secure.runtime.refusals import Refusals, Refused
    from secure.runtime.stdio import Relay, Streams
    from secure.runtime.terminal import Terminal

    Record = Callable[[Evidence, tuple[Difference, ...]], None]

_LAST_WORDS_MS = 1_000  # for a terminal that stands still, after the end that was asked for

HANDLED = (*signals.FORWARDED, signals.SIGWINCH, signals.SIGCHLD)


@value
class Outcome:
    """How a container ended.

    Args:
        exit_code: the program's (128 + n for signal n).
        oom_kills: how many processes inside the kernel killed because memory ran out; None where
            no cgroup counts them.
        refused: system calls that the filter refused; None where they cannot be seen.
        more_refused: and others after those.
    """

    exit_code: int
    oom_kills: int | None
    refused: tuple[Refused, ...] | None = None
    more_refused: bool = False


@value
class Start:
    """What a container is started from.

    Args:
        bpf: the compiled seccomp filter.
        plain: where `bpf` is the watched form of a filter (see `seccomp_compile`): gives the other.
        cgroup: made for this container and empty, or None.
    """

    plan: Plan
    bpf: bytes
    last_capability: int
    cgroup: Cgroup | None
    interactive: bool
    plain: Callable[[], bytes] | None = None


def stand_by(start: Start) -> Container:
    """Start a container that waits at its gate, for a `supervise` to come or for `clean_up`.

    Raises:
        OSError, MachineError: this machine lacks something; nothing is left.
    """
    container = Container(start, stdio.prepare(start.interactive and not start.plan.terminal))
    try:
        container.start()
    except BaseException:
        container.clean_up()
        raise
    return container


def supervise(
    start: Start, prepare: Callable[[], Record], standing: Container | None = None
) -> Outcome:
    """Run a container in the foreground.

    Args:
        prepare: called once while init works, on another processor if there is one; what it
            returns is called at the gate with what was observed and every difference. The image's
            first instruction runs only after that has returned.
        standing: of `stand_by` and `start`, whose plan may have another command by now.

    Raises:
        LaunchError: it was not started, or was killed at the gate.
        MachineError: this machine lacks something.
    """
    container = standing or Container(
        start, stdio.prepare(start.interactive and not start.plan.terminal)
    )
    wake: tuple[int, ...] = ()
    try:
        wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signals.on(HANDLED, _noticed)
        signals.wake_by(wake[1])
        if not standing:
            container.start()
        container.pass_gate(start.plan, prepare)
        code = container.watch(wake[0])
        oom = _oom_kills(start.cgroup) if start.cgroup else None
        seen = container.refusals
        counted = seen.counted() if seen else None
        return Outcome(code, oom, counted, seen.overflowed if seen else False)
    finally:
        container.clean_up()
        for fd in wake:
            os.close(fd)


def _oom_kills(cgroup: Cgroup) -> int | None:
    from secure.kernel.cgroup_events import oom_kills

    return oom_kills(cgroup.directories)


def _noticed(number: int, frame: object) -> None:
    """The byte on the wake-up pipe is all that is wanted."""


class Container:
    """One running container, from clone to clean-up."""

    def __init__(self, start: Start, streams: Streams) -> None:
        self._start = start
        self._plan = start.plan
        self._relays = list(streams.relays)
        self._theirs = list(streams.owned)  # what only init needs
        self._inside = streams.inside
        self._pid = 0
        self._go = self._status = self._wake = -1
        self._code: int | None = None
        self._poll = select.poll()
        self._told_to_end = False
        self._terminal: Terminal | None = None
        self.refusals: Refusals | None = None

    def start(self) -> None:
        """Clone into new namespaces and let init work up to the gate."""
        go_reader, self._go = os.pipe2(os.O_CLOEXEC)
        self._theirs.append(go_reader)
        watched = self._start.plain is not None
        self._status, status_writer = (
            descriptors.socket_pair() if watched else os.pipe2(os.O_CLOEXEC)
        )
        self._theirs.append(status_writer)
        flags = sum(flag for name, flag in NAMESPACES if name in self._plan.namespaces)
        arguments = argument_memory()
        mine = theirs = None
        if self._plan.terminal:
            from secure.runtime.terminal import Terminal, channel

            mine, theirs = channel()
        pid = clone(flags & ~_CGROUP | signals.SIGCHLD)
        if pid == 0:
            os.close(self._go)
            os.close(self._status)
            held = init.Channel(go_reader, status_writer, self._inside, arguments, theirs, watched)
            init.enter(self._plan, self._start.bpf, self._start.last_capability, held)
        self._pid = pid
        self._close_theirs()
        plan = self._plan
        maps = IdMaps(plan.id_map, plan.uid_map, plan.gid_map, plan.groups_dropped)
        # cgroup v1 wants the mover to have the target's uid: move before the ids change.
        if self._start.cgroup:
            self._start.cgroup.add(pid)
        idmaps.apply(pid, maps)
        os.write(self._go, protocol.MAPPED)
        if mine and theirs:
            theirs.close()
            protocol.expect(self._status, protocol.TERMINAL)
            # Opened inside: the pty belongs to the opener, and a user from outside means nothing
            # to a user namespace that does not map him.
            self._terminal = Terminal.join(tty.receive_descriptor(mine))
            self._relays = list(self._terminal.relays())
            mine.close()

    @property
    def alive(self) -> bool:
        """Its init has not ended."""
        try:
            if self._pid:
                self._code = self._ended()
        except ChildProcessError:
            # Waited for by who waits for every child, or SIGCHLD was ignored: the number may be
            # another process's by now.
            self._pid = 0
        return bool(self._pid)

    def pass_gate(self, plan: Plan, prepare: Callable[[], Record]) -> None:
        """Compare what the kernel enforces with the plan, record it, and only then let go.

        Args:
            plan: what it was started with, but for the command.

        Raises:
            LaunchError: they differ; the container is killed.
        """
        # Init has some milliseconds of mounting before it: time to get ready for the gate.
        from secure.runtime.gate import compare
        from secure.runtime.observe import Known, observe, own_namespaces

        record = prepare()
        mine = own_namespaces()
        cgroup = self._start.cgroup
        self._take_listener()
        protocol.expect(self._status, protocol.READY, self._until_told)
        landlock = protocol.read_line(self._status)
        limits = cgroup.read_back() if cgroup else ()
        other_ids = plan.id_map == RANGE and os.geteuid() != 0
        evidence = observe(self._pid, Known(mine, limits, landlock, other_ids))
        differences = compare(plan, evidence, cgroup.planned() if cgroup else ())
        record(evidence, differences)
        if differences:
            first = differences[0]
            raise LaunchError(
                f"killed at the gate: {first.what} should be {first.planned}, the kernel says "
                f"{first.found} ({len(differences)} differences in all)",
                do="This is a fault of secure or of this kernel; please report it.",
            )
        if plan.argv != self._plan.argv:
            protocol.send_command(self._go, plan.argv)
        os.write(self._go, protocol.GO)
        message = protocol.read_to_end(self._status, self._until_told)
        if message:
            protocol.raise_failure(message[1:])

    def _take_listener(self) -> None:
        if plain := self._start.plain:
            from secure.runtime.refusals import Refusals

            self._until_told()
            got, listener = descriptors.receive(self._status)
            protocol.check(got, protocol.LISTENER, self._status, self._until_told)
            self.refusals = Refusals(listener, plain)

    def _until_told(self) -> None:
        """Until init says something; what its own filter refuses it meanwhile is answered."""
        if self._start.plain:
            from secure.runtime.refusals import until_told

            until_told(self._status, self._pid, self.refusals)

    def watch(self, wake: int) -> int:
        """Copy streams, answer refused calls and forward signals until init has ended.

        Returns:
            Init's code.
        """
        self._wake = wake
        listener = [self.refusals.listener] if self.refusals and self.refusals.listener >= 0 else []
        for source in (wake, *listener, *(relay.source for relay in self._relays)):
            self._poll.register(source, select.POLLIN)
        while self._code is None:
            self._serve(dict(self._poll.poll()))
        self._drain()
        return self._code

    def _serve(self, ready: dict[int, int]) -> None:
        """Refused calls and signals; and one stream, as what is ready may change meanwhile."""
        self._answer(ready)
        if self._wake in ready:
            self._take_signals()
        for relay in self._relays:
            if relay.source in ready:
                self._copy(relay)
                return

    def _copy(self, relay: Relay) -> None:
        self._relays.remove(relay)
        self._poll.unregister(relay.source)
        try:
            more = stdio.copy(relay, self._wait_for)
        finally:
            self._relays.append(relay)  # the others come first now
        if more:
            self._poll.register(relay.source, select.POLLIN)
        else:
            self._finish(relay)

    def _wait_for(self, target: int) -> bool:
        """Until it takes more. Everything else goes on: the program may wait for that itself.

        Returns:
            False where it stands still and the caller wants the end.
        """
        self._poll.register(target, select.POLLOUT)
        try:
            while True:
                leaving = self._told_to_end and self._code is not None
                ready = dict(self._poll.poll(_LAST_WORDS_MS if leaving else None))
                if target in ready or not ready:
                    return target in ready
                self._serve(ready)
        finally:
            self._poll.unregister(target)

    def _take_signals(self) -> None:
        try:
            numbers = os.read(self._wake, 512)
        except BlockingIOError:  # taken while a terminal was waited for
            return
        for number in numbers:
            self._handle(number)
        if self._pid:
            self._code = self._ended()

    def _answer(self, ready: dict[int, int]) -> None:
        """Answer a refused call, if one waits."""
        refusals = self.refusals
        if refusals and (event := ready.pop(refusals.listener, 0)):
            if event == select.POLLIN and refusals.serve():
                return
            # Enough of them, or the last process behind the filter is gone.
            self._poll.unregister(refusals.listener)
            refusals.close()

    def clean_up(self) -> None:
        """Kill what still runs and give the terminal back; the cgroup is its maker's to remove."""
        if self.alive:
            os.kill(self._pid, signals.SIGKILL)
            try:
                os.waitpid(self._pid, 0)
            except ChildProcessError:  # SIGCHLD is ignored: gone all the same
                self._pid = 0
        signals.wake_by(-1)
        if self.refusals:
            self.refusals.close()
        self._close_theirs()
        for fd in (self._go, self._status):
            if fd >= 0:
                os.close(fd)
        for relay in tuple(self._relays):
            self._finish(relay)
        if self._terminal:
            self._terminal.restore()

    def _close_theirs(self) -> None:
        while self._theirs:
            os.close(self._theirs.pop())

    def _ended(self) -> int | None:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return None
        self._pid = 0
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def _handle(self, number: int) -> None:
        if number == signals.SIGWINCH and self._terminal:
            self._terminal.resize()
        elif number in signals.FORWARDED:
            self._told_to_end = True
            if self._pid:
                os.kill(self._pid, number)

    def _finish(self, relay: Relay) -> None:
        self._relays.remove(relay)
        if not self._terminal:  # which stays open for output when its input has ended
            stdio.finish(relay)

    def _drain(self) -> None:
        """Every writer is dead: what is in the pipes now is all there will be."""
        for relay in [relay for relay in self._relays if not relay.inward]:
            while relay in self._relays:
                self._copy(relay)


_CGROUP = dict(NAMESPACES)["cgroup"]  # init unshares it once it sits in its cgroup
