"""`secure oci`: what happens to a container after `create` (runtime-spec runtime.md)."""

from __future__ import annotations

import errno
import os
import select
import time

from secure.errors import LaunchError, SecureError, UsageError
from secure.kernel import signals
from secure.kernel.libc import syscall
from secure.oci.json_text import decode, encode
from secure.oci.runtime_config import read_config
from secure.oci.seccomp_config import listener_of
from secure.runtime import protocol
from secure.runtime.oci import cgroup, folders, hooks
from secure.runtime.oci.state import (
    CONFIG,
    CREATED,
    GO,
    PAUSED,
    RUNNING,
    SAID,
    STOPPED,
    Container,
    document,
    status_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from secure.runtime.oci.state import State

_PATIENCE_S = 10.0
_INSIDE = "startContainer"  # hooks between `start` and execve
_NAMES = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9,
    "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16,
    "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24,
    "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28, "IO": 29, "PWR": 30, "SYS": 31,
}  # fmt: skip


def start_container(root: str, container_id: str, say: Callable[[str], object]) -> None:
    """Let the program run.

    Raises:
        LaunchError: the container is not "created", its program cannot be executed, or an agent
            that answers for its seccomp filter does not let it; then it is stopped.
    """
    with Container.open(root, container_id) as container:
        state = container.state()
        status = status_of(container, state)
        if status != CREATED:
            raise LaunchError(
                f'container "{container_id}" cannot be started: it is {status}, not {CREATED}'
            )
        config = read_config(container.read(CONFIG))
        # Hooks may take their time.
        asks = config.seccomp and listener_of(config.seccomp) and not config.hooks_at(_INSIDE)
        said = container.open_pipe(SAID, os.O_RDONLY)
        if _nobody_writes(said):  # nor would poll(2) ever tell of an end that was there before
            raise LaunchError(f'container "{container_id}" is being started, or has ended')
        try:
            go = container.open_pipe(GO, os.O_WRONLY)
            os.write(go, b"s")
        except OSError as cause:
            if cause.errno not in {errno.ENXIO, errno.EPIPE}:  # fifo(7): nobody reads
                raise
            raise LaunchError(f'container "{container_id}" was killed meanwhile') from cause
        os.close(go)
        message = _read_said(said, _PATIENCE_S if asks else None)
        if message is None:
            _end(state)
            raise LaunchError(
                f'container "{container_id}" was stopped: it had not executed its program after '
                f"{_PATIENCE_S:g} s",
                do="See why the agent of linux.seccomp.listenerPath does not answer.",
            )
        if message:
            protocol.raise_failure(message.removeprefix(protocol.FAILED))
        # execve(2) gives up its files one after the other, in no order: until `go` is among them
        # the next command would find a container that is "created".
        deadline = time.monotonic() + _PATIENCE_S
        while container.is_held() and time.monotonic() < deadline:
            time.sleep(0.000_2)
        _run_hooks(config.hooks_at("poststart"), "poststart", state, RUNNING, say)


def _nobody_writes(said: int) -> bool:
    """fifo(7): without a writer, the end is there to be read."""
    try:
        return not os.read(said, 1)
    except BlockingIOError:
        return False


def _read_said(said: int, patience_s: float | None) -> bytes | None:
    """What init says until its execve closes the pipe; None where it says nothing for so long."""
    poll = select.poll()
    poll.register(said, select.POLLIN)
    found = b""
    while True:
        if not poll.poll(patience_s and patience_s * 1_000):
            os.close(said)
            return None
        piece = os.read(said, 4_096)
        if not piece:
            os.close(said)
            return found
        found += piece


def _run_hooks(
    found: Any, stage: str, state: State, status: str, say: Callable[[str], object]
) -> None:
    # runtime.md: a failing poststart or poststop hook is logged, and the lifecycle goes on.
    shown = encode(document(state, status)).encode()
    for hook in found:
        try:
            hooks.run(stage, (hook,), shown)
        except SecureError as error:
            say(f"warning: {error}")


def state_text(root: str, container_id: str) -> str:
    """The state as the specification wants it."""
    with Container.open(root, container_id) as container:
        state = container.state()
        return encode(document(state, status_of(container, state))) + "\n"


def kill_container(root: str, container_id: str, word: str, *, everything: bool) -> None:
    """Send a signal to the container's first process, or to all.

    Raises:
        LaunchError: it is neither created nor running.
        UsageError: no such signal.
    """
    number = signal_number(word)
    with Container.open(root, container_id) as container:
        state = container.state()
        status = status_of(container, state)
        if status == STOPPED and everything:
            cgroup.kill(state.cgroups, number)
            return
        if status not in {CREATED, RUNNING, PAUSED}:
            raise LaunchError(
                f'container "{container_id}" is not running: it is {status}',
            )
        if everything and state.cgroups:
            cgroup.kill(state.cgroups, number)
        else:
            _signal(state, number)


def _signal(state: State, number: int) -> None:
    """By pidfd: a process that took the number meanwhile is not hit."""
    try:
        pidfd = os.pidfd_open(state.init.pid)
    except ProcessLookupError:
        return
    try:
        if state.init.lives():
            syscall("pidfd_send_signal", pidfd, number, None, 0, target=state.id)
    finally:
        os.close(pidfd)


def signal_number(word: str) -> int:
    """The number of "15", "TERM" or "SIGTERM"; also "RTMIN+3".

    Raises:
        UsageError: no such signal.
    """
    name = word.upper().removeprefix("SIG")
    if name.isdecimal() and 0 <= int(name) <= 64:
        return int(name)
    if name.startswith("RTMIN+") and name[6:].isdecimal() and int(name[6:]) <= 30:
        return 34 + int(name[6:])
    if name not in _NAMES:
        raise UsageError(f'unknown signal "{word[:40]}"', do="Give a number or a name like TERM.")
    return _NAMES[name]


def delete_container(
    root: str, container_id: str, say: Callable[[str], object], *, force: bool
) -> None:
    """Remove a stopped container; with `force` kill it first.

    Raises:
        LaunchError: it is not stopped, or does not end.
        NotFoundError: there is none, and `force` was not given.
    """
    folders.sweep(root)
    # Who holds it may wait for what only its end brings: `start` for a program that was stopped.
    if force and (seen := Container.peek(root, container_id)) and seen.ready:
        _signal(seen, signals.SIGKILL)
    with Container.open(root, container_id) as container:
        state = container.state()
        status = status_of(container, state)
        if status != STOPPED and not force:
            raise LaunchError(
                f'container "{container_id}" cannot be deleted: it is {status}, not {STOPPED}',
                do=f"Stop it, or: secure oci delete --force {container_id}",
            )
        if status == PAUSED:
            cgroup.freeze(state.freezer, stop=False)
        if status != STOPPED:
            _end(state)
        # What outlived its first process (a joined pid namespace) is in the cgroup.
        cgroup.kill(state.cgroups)
        cgroup.remove(state.cgroups)
        if state.unit:
            from secure.runtime.oci.scope import wait_until_gone

            wait_until_gone(state.cgroups)
        config = container.read(CONFIG)
        container.remove()
    _run_hooks(read_config(config).hooks_at("poststop"), "poststop", state, STOPPED, say)


def _end(state: State) -> None:
    _signal(state, signals.SIGKILL)
    deadline = time.monotonic() + _PATIENCE_S
    while state.init.lives():
        if time.monotonic() > deadline:
            raise LaunchError(f"process {state.init.pid} does not end: it hangs in the kernel")
        time.sleep(0.001)


def pause_container(root: str, container_id: str, *, stop: bool) -> None:
    """Stop every process, or continue them.

    Raises:
        LaunchError: not in the state for it. MachineError: there is no freezer.
    """
    wanted = (CREATED, RUNNING) if stop else (PAUSED,)
    with Container.open(root, container_id) as container:
        state = container.state()
        status = status_of(container, state)
        if status not in wanted:
            verb = "paused" if stop else "resumed"
            raise LaunchError(f'container "{container_id}" cannot be {verb}: it is {status}')
        cgroup.freeze(state.freezer, stop=stop)


def update_container(root: str, container_id: str, resources: dict[str, Any]) -> None:
    """Change limits while it runs."""
    from secure.oci.runtime_fields import Check

    check = Check()
    check.fields(resources, "linux.resources", "linux.resources")
    if check.mistakes or check.unknown:
        raise UsageError("; ".join([*check.mistakes, *(f"{n}: unknown" for n in check.unknown)]))
    with Container.open(root, container_id) as container:
        state = container.state()
        if status_of(container, state) == STOPPED:
            raise LaunchError(f'container "{container_id}" is stopped')
        cgroup.change(state.cgroups, resources)
        if state.unit:
            from secure.runtime.oci import scope

            scope.change(state.unit, resources)


def resources_from(content: bytes) -> dict[str, Any]:
    """The document of `update --resources`."""
    found = decode(content, "the resources")
    if not isinstance(found, dict):
        raise UsageError("the resources are not a JSON object")
    return dict(found)


def rows(root: str) -> Iterator[dict[str, Any]]:
    """Every container, for `list`."""
    for name in folders.ids(root):
        try:
            with Container.open(root, name) as container:
                state = container.state()
                shown = document(state, status_of(container, state))
                yield {"pid": 0, **shown, "created": state.created}
        except SecureError:
            continue  # deleted meanwhile


def processes(root: str, container_id: str) -> tuple[int, ...]:
    """The pids of a container, as the caller's pid namespace numbers them."""
    with Container.open(root, container_id) as container:
        state = container.state()
        if not state.init.lives():
            return ()
    if state.cgroups:
        return cgroup.processes(state.cgroups)
    wanted = _namespace(state.init.pid)
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())
    return tuple(pid for pid in pids if wanted and _namespace(pid) == wanted)


def _namespace(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return 0


def events_text(root: str, container_id: str) -> tuple[str, int]:
    """A `stats` event: the container's counters from its cgroup.

    Returns:
        The event; how many processes the kernel killed so far because memory ran out.
    """
    from secure.kernel.cgroup_events import oom_kills
    from secure.kernel.cgroup_files import read_if_there

    with Container.open(root, container_id) as container:
        state = container.state()
    found: dict[str, Any] = {}
    for directory in state.cgroups:
        for file, (part, key) in _COUNTERS.items():
            text = read_if_there(f"{directory}/{file}")
            if text.isdecimal():
                found.setdefault(part, {})[key] = int(text)
        for line in read_if_there(f"{directory}/cpu.stat").splitlines():
            if line.startswith("usage_usec "):  # v2
                found.setdefault("cpu", {})["usage_ns"] = int(line[11:]) * 1_000
    kills = oom_kills(state.cgroups)
    if kills is not None:
        found.setdefault("memory", {})["oom_kills"] = kills
    return encode({"type": "stats", "id": container_id, "data": found}) + "\n", kills or 0


_COUNTERS = {
    "memory.usage_in_bytes": ("memory", "usage"),
    "memory.current": ("memory", "usage"),
    "memory.max_usage_in_bytes": ("memory", "max"),
    "memory.peak": ("memory", "max"),
    "memory.limit_in_bytes": ("memory", "limit"),
    "memory.max": ("memory", "limit"),
    "pids.current": ("pids", "current"),
    "pids.max": ("pids", "limit"),
    "cpuacct.usage": ("cpu", "usage_ns"),
}
