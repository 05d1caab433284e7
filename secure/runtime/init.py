"""Inside: from a fresh clone to the image's first instruction. One flat sequence.

Rules for this file:
- Nothing is imported after `pivot_root`: it would be the image's code. The import list is short and
  complete, and importing it is the supervisor's business, before the clone.
- No path of the image is resolved by name twice, none through a symbolic link.
- Every error goes to the supervisor, which kills and reports; this side never decides to go on.
"""

from __future__ import annotations

import gc
import sys

from secure import system as os
from secure.errors import (
    CommandNotFoundError,
    KernelError,
    LaunchError,
    NotExecutableError,
)
from secure.kernel import capabilities, descriptors, landlock, network, seccomp, signals, tty
from secure.kernel.libc import current_processor, syscall, wipe
from secure.kernel.namespaces import CLONE_NEWCGROUP, unshare
from secure.kernel.openat2 import IN_IMAGE, openat2
from secure.kernel.prctl import (
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    PR_SET_SECUREBITS,
    SECBITS_NO_ROOT,
    prctl,
)
from secure.kernel.rlimits import set_rlimit
from secure.runtime import protocol, rootfs
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import NoReturn

    from secure.runtime.plan import Plan

_KEYCTL_JOIN_SESSION_KEYRING = 1
_LAST_DESCRIPTOR = 0xFFFFFFFF
_ENOENT, _EIO, _ENOEXEC, _ENOTDIR = 2, 5, 8, 20
_WAITED = (*signals.FORWARDED, signals.SIGCHLD)
_ALL_SIGNALS = tuple(n for n in range(1, 65) if n not in {9, 19, 32, 33})


@value
class Channel:
    """What init holds of the supervisor.

    Args:
        go, status: see `protocol`.
        stdio: the three standard streams to hand on.
        arguments: where the kernel reads /proc/1/cmdline: address and length.
        terminal: takes the master of the pty; None without one.
        watched: the filter asks a listener, which `status`, a socket then, takes.
    """

    go: int
    status: int
    stdio: tuple[int, int, int]
    arguments: tuple[int, int]
    terminal: socket | None
    watched: bool


@value
class Program:
    """What the payload becomes.

    Args:
        candidates: files to try in order.
    """

    candidates: tuple[bytes, ...]
    argv: list[bytes]
    environment: dict[bytes, bytes]


def enter(plan: Plan, bpf: bytes, last_capability: int, channel: Channel) -> NoReturn:
    """Become the container. Called in the clone child; never returns."""
    code = 1
    try:
        gc.disable()  # a finaliser must not close a descriptor that has been reused meanwhile
        forbid_imports()
        code = _sequence(plan, bpf, last_capability, channel)
    except BaseException as error:  # noqa: BLE001 - nothing may unwind into the supervisor's code
        os.write(channel.status, protocol.failure(error))
    finally:
        os._exit(code)


def _sequence(plan: Plan, bpf: bytes, last_capability: int, channel: Channel) -> int:
    # Own session: the terminal's signals reach the supervisor only, which forwards them once.
    os.setsid()
    signals.block(_ALL_SIGNALS)
    # Ids are mapped and the cgroup is joined by the supervisor.
    protocol.expect(channel.go, protocol.MAPPED)
    # Only now: a cgroup namespace is rooted where the process is when it is made.
    unshare(CLONE_NEWCGROUP)
    # The caller's keys must not be reachable (CVE-2016-0728's class).
    syscall("keyctl", _KEYCTL_JOIN_SESSION_KEYRING, None, target="join session keyring")
    for index, fd in enumerate(channel.stdio):
        os.dup2(fd, index, inheritable=True)
    # Opened with the caller's rights, in this mount namespace: overlayfs takes no others.
    layers = [os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for path in plan.layers]
    sources = {m.target: rootfs.open_source(m) for m in plan.mounts if m.source}
    _become_setup_user(plan)
    rootfs.enter(rootfs.built(plan, layers, sources))
    _sethostname(plan.hostname)
    if "net" in plan.namespaces:
        network.loopback_up()
    slave = _take_terminal(plan, channel)
    _limit(plan)
    os.umask(0o022)
    _drop_privileges(plan, last_capability)
    change_directory(plan.cwd)
    # After the last change of ids, which clears it.
    prctl(PR_SET_PDEATHSIG, signals.SIGKILL)
    # Readable for the gate, until it has spoken.
    prctl(PR_SET_DUMPABLE, 1)
    close_all_but(channel.go, channel.status, slave)
    landlocked = _confine(plan)
    _filter_calls(bpf, channel)
    os.write(channel.status, protocol.READY + landlocked.encode() + b"\n")
    # While the supervisor looks at this process; nothing that it reads is changed.
    planned = [os.fsencode(part) for part in plan.argv]
    command = _command(planned, plan)
    wipe(*channel.arguments)
    if argv := protocol.await_go(channel.go):
        command = _command(argv, plan)
    # Closed before anything of the image can run (CVE-2016-9962, CVE-2019-5736): the interpreter's
    # memory and /proc/1/exe. The caller's command line with its host paths is wiped already.
    prctl(PR_SET_DUMPABLE, 0)
    payload = _start_first(command, slave)
    for fd in (channel.go, channel.status, *([slave] if slave >= 0 else [])):
        os.close(fd)
    return _reap_until(payload)


def forbid_imports() -> None:
    """From here on an import fails, instead of running a file of the image's."""
    sys.meta_path.clear()
    sys.path_hooks.clear()
    sys.path.clear()


def _become_setup_user(plan: Plan) -> None:
    if plan.groups_dropped:
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        prctl(PR_SET_DUMPABLE, 1)  # lost by the change; the supervisor opens the pty through /proc


def _sethostname(hostname: str) -> None:
    name = hostname.encode()
    syscall("sethostname", name, len(name), target=name)


def _take_terminal(plan: Plan, channel: Channel) -> int:
    """The slave of a new pty, its master sent to the supervisor; -1 without a terminal."""
    if channel.terminal is None:
        return -1
    master, slave = tty.open_pair()
    if plan.groups_dropped:
        os.fchown(slave, plan.uid, -1)
    tty.send_descriptor(channel.terminal, master)
    os.write(channel.status, protocol.TERMINAL)
    os.close(master)
    return slave


def _limit(plan: Plan) -> None:
    for name, soft, hard in plan.rlimits:
        set_rlimit(name, soft, hard)
    if plan.affinity:
        # From here on upwards: being moved costs 3 ms, and not every container gets processor 0.
        here = current_processor()
        allowed = sorted(os.sched_getaffinity(0), key=lambda number: (number < here, number))
        os.sched_setaffinity(0, allowed[: plan.affinity])


def _drop_privileges(plan: Plan, last_capability: int) -> None:
    keep = capabilities.mask(plan.capabilities)
    # Needs CAP_SETPCAP, so before capset; also before setresuid, which the locked bits make tame.
    capabilities.drop_bounding(keep, last_capability)
    prctl(PR_SET_SECUREBITS, SECBITS_NO_ROOT)
    if plan.groups_dropped:
        os.setresgid(plan.gid, plan.gid, plan.gid)
        os.setresuid(plan.uid, plan.uid, plan.uid)
    capabilities.set_sets(keep)
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def change_directory(path: str) -> None:
    """As the final user, inside the final root (CVE-2024-21626: never through a descriptor)."""
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fd = openat2(root, os.fsencode(path), os.O_PATH | os.O_DIRECTORY, IN_IMAGE)
    except KernelError as cause:
        raise LaunchError(
            f'working directory "{path}" cannot be entered: {os.strerror(cause.number)}',
            do="Give another with --workdir, or as process.cwd of the bundle.",
        ) from cause
    os.fchdir(fd)
    if not os.getcwd().startswith("/"):
        raise LaunchError(f'working directory "{path}" lies outside the container')
    os.close(fd)
    os.close(root)


def close_all_but(*kept: int) -> None:
    """Close every descriptor above standard error but these, which are close-on-exec."""
    first = 3
    for fd in sorted(fd for fd in kept if fd >= first):
        if fd > first:
            syscall("close_range", first, fd - 1, 0, target=f"{first}-{fd - 1}")
        first = fd + 1
    syscall("close_range", first, _LAST_DESCRIPTOR, 0, target=f"{first}-")


def _confine(plan: Plan) -> str:
    """Landlock, as one more layer; what was applied, in words for the evidence."""
    if not plan.landlock:
        return ""
    writable = tuple(m.target.encode() for m in plan.mounts if m.writable)
    if plan.writable_bytes:
        writable = (b"/",)
    return landlock.confine(writable=writable)


def _filter_calls(bpf: bytes, channel: Channel) -> None:
    if not channel.watched:
        seccomp.install_filter(bpf)
        return
    listener = seccomp.install_watched(bpf)
    # Who holds it could answer for the filter: it leaves before anything of the image is here.
    descriptors.send(channel.status, protocol.LISTENER, listener)
    os.close(listener)


def _command(argv: list[bytes], plan: Plan) -> Program:
    """What to execute, and where it may be, as execvp(3) chooses."""
    environment = {os.fsencode(name): os.fsencode(text) for name, text in plan.env}
    candidates = [argv[0]]
    if b"/" not in argv[0]:
        path = environment.get(b"PATH", b"/usr/bin:/bin")
        candidates = [(part or b".") + b"/" + argv[0] for part in path.split(b":")]
    return Program(tuple(candidates), argv, environment)


def _start_first(command: Program, slave: int) -> int:
    """The first candidate that can be executed, as a child of ours; its pid.

    posix_spawn(3), not fork(2): no copy of this interpreter is made, and until its execve the child
    runs a few calls of the C library and nothing of ours. It inherits all that the gate looked at.
    """
    terminal: list[tuple[int, int, int] | tuple[int, int, bytes, int, int]] = []
    if slave >= 0:
        # Opened by a session's leader, it becomes the session's controlling terminal.
        terminal.append((os.POSIX_SPAWN_OPEN, 0, b"/proc/self/fd/%d" % slave, os.O_RDWR, 0))
        terminal += [(os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
    worst = _ENOENT
    for candidate in command.candidates:
        try:
            return os.posix_spawn(
                candidate, command.argv, command.environment, file_actions=terminal, setsid=True,
                setsigmask=(), setsigdef=_ALL_SIGNALS,
            )  # fmt: skip
        except OSError as cause:
            if cause.errno not in {_ENOENT, _ENOTDIR}:
                worst = cause.errno or _EIO
    name = command.argv[0].decode("utf-8", "backslashreplace")
    if worst == _ENOENT:
        # execve(2) says the same of a file that is there and needs another that is not.
        if any(map(os.path.isfile, command.candidates)):
            raise CommandNotFoundError(
                f'command "{name}" is in the image, but not its interpreter or dynamic linker',
                do="Add what it is linked with or names in its first line, or link it statically.",
            )
        raise CommandNotFoundError(
            f'command "{name}" is not in the image',
            do="Options come before the image: secure run [OPTION...] IMAGE [COMMAND [ARG...]]"
            if name[:1] == "-"
            else "Check its name and PATH.",
        )
    raise NotExecutableError(
        f'command "{name}" cannot be run: {os.strerror(worst)}',
        do="It is for another processor, or a script without #! in its first line."
        if worst == _ENOEXEC
        else "",
    )


def _reap_until(payload: int) -> int:
    """pid 1: forward signals, reap every orphan, end with the payload's code."""
    while True:
        number = signals.wait(_WAITED)
        if number != signals.SIGCHLD:
            _forward(payload, number)
            continue
        while (found := _reap_one()) is not None:
            pid, status = found
            if pid == payload:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code


def _reap_one() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None


def _forward(payload: int, number: int) -> None:
    try:
        os.kill(payload, number)
    except ProcessLookupError:
        return
