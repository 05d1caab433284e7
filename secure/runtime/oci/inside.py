"""Inside: from a fresh clone to a bundle's program. Init's rules and steps, for config.json.

What differs from `runtime.init` is what the specification wants otherwise: the root is a directory
that may be written, the program itself is pid 1, it starts only when another command says so, and
nothing ends it when its maker ends.
"""

from __future__ import annotations

import gc
import os

from secure.errors import CommandNotFoundError, LaunchError, NotExecutableError
from secure.kernel import (
    apparmor,
    capabilities,
    landlock,
    mount_trees,
    network,
    signals,
    tty,
)
from secure.kernel.libc import syscall, wipe
from secure.kernel.mounts import (
    MS_BIND,
    MS_NODEV,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    mount,
)
from secure.kernel.namespaces import CLONE_NEWCGROUP, unshare
from secure.kernel.prctl import (
    PR_SET_DUMPABLE,
    PR_SET_KEEPCAPS,
    PR_SET_NO_NEW_PRIVS,
    prctl,
)
from secure.kernel.rlimits import set_rlimit
from secure.runtime import init, protocol, rootfs
from secure.runtime.oci import hooks, inside_mounts, listener
from secure.runtime.oci.plan import JOINED
from secure.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from typing import NoReturn

    from secure.oci.runtime_config import Hook, Process
    from secure.runtime.oci.listener import Passing
    from secure.runtime.oci.plan import BundlePlan, Privileges

_BASE, _ROOT = b"/tmp", b"/tmp/root"  # covered by a private tmpfs
_KEYCTL_JOIN_SESSION_KEYRING = 1
_CLONE_NEWTIME = 0x80
_MS_SLAVE = 0x80000
_ENOENT, _ENOTDIR = 2, 20
_ALL_SIGNALS = tuple(n for n in range(1, 65) if n not in {9, 19, 32, 33})
_POLICIES = {
    "SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_ISO": 4,
    "SCHED_IDLE": 5, "SCHED_DEADLINE": 6,
}  # fmt: skip
_SCHED_FLAGS = {
    "SCHED_FLAG_RESET_ON_FORK": 0x1, "SCHED_FLAG_RECLAIM": 0x2, "SCHED_FLAG_DL_OVERRUN": 0x4,
    "SCHED_FLAG_KEEP_POLICY": 0x8, "SCHED_FLAG_KEEP_PARAMS": 0x10,
    "SCHED_FLAG_UTIL_CLAMP_MIN": 0x20, "SCHED_FLAG_UTIL_CLAMP_MAX": 0x40,
}  # fmt: skip
_IO_CLASSES = {"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}


@value
class Entry:
    """What init needs beside the plan.

    Args:
        filters: compiled, in the order of installation.
        tree: the root file system as a detached tree with shifted ids, or -1.
        trees: index of a mount -> its detached tree.
    """

    plan: BundlePlan
    filters: tuple[bytes, ...]
    last_capability: int
    tree: int
    trees: dict[int, int]
    create_hooks: tuple[Hook, ...]
    start_hooks: tuple[Hook, ...]


@value
class Channel:
    """What init holds of others; see `protocol` and `state`.

    Args:
        go, status: pipes of the maker. start, said: the pipes with names.
        console: takes the master of the pty; None without a terminal.
        arguments: where the kernel reads /proc/1/cmdline.
        passing: takes the listener of the bundle's filter; None without one.
    """

    go: int
    status: int
    start: int
    said: int
    console: socket | None
    arguments: tuple[int, int]
    passing: Passing | None


def enter(entry: Entry, channel: Channel) -> NoReturn:
    """Become the container. Called in the clone child; never returns."""
    report = channel.status
    try:
        gc.disable()
        init.forbid_imports()
        state = _prepare(entry, channel)
        _hold(channel)
        report = channel.said
        hooks.run("startContainer", entry.start_hooks, state)
        execute(entry.plan.process)
    except BaseException as error:  # noqa: BLE001 - nothing may unwind into the maker's code
        os.write(report, protocol.failure(error))
    finally:
        os._exit(1)


def _prepare(entry: Entry, channel: Channel) -> bytes:
    """Everything up to the gate; returns the state for hooks."""
    plan = entry.plan
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)  # the machine's own
    os.setsid()
    signals.block(_ALL_SIGNALS)
    protocol.expect(channel.go, protocol.MAPPED)
    if "cgroup" in plan.namespaces:
        unshare(CLONE_NEWCGROUP)
    syscall("keyctl", _KEYCTL_JOIN_SESSION_KEYRING, None, target="join session keyring")
    # In this mount namespace, with the caller's rights.
    sources = inside_mounts.open_sources(plan, entry.trees)
    origin = entry.tree
    if origin < 0:
        origin = os.open(plan.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if plan.setup_root:
        _become_root(plan)
        prctl(PR_SET_DUMPABLE, 1)  # lost by the change; the gate reads /proc
    _own_time(plan)
    slave = plan.propagation & _MS_SLAVE
    mount(b"none", b"/", None, MS_REC | (_MS_SLAVE if slave else MS_PRIVATE))
    root = _mount_root(origin, detached=entry.tree >= 0)
    os.umask(0)
    inside_mounts.mount_all(root, plan, sources)
    inside_mounts.add_devices(root, sources, terminal=plan.process.terminal)
    state = _outside_hooks(entry, channel)
    inside_mounts.write_sysctls(plan)
    inside_mounts.mask(root, plan, sources.devices["/dev/null"])
    if plan.readonly:
        inside_mounts.set_attributes(os.dup(root), MS_RDONLY)
    rootfs.enter(root)
    if plan.propagation:
        mount(b"none", b"/", None, plan.propagation)
    inside_mounts.sethostname(plan)
    if "net" in plan.namespaces:
        network.loopback_up()
    if channel.console is not None:
        take_terminal(plan.process, channel.console, place="/dev/console")
    become(plan.process, plan.privileges, entry.last_capability, plan.personality, proc)
    find_program(plan.process)
    passing = (channel.passing.socket,) if channel.passing else ()
    keep = (channel.go, channel.status, channel.start, channel.said, *passing)
    close_beyond(plan.preserve, keep)
    prctl(PR_SET_DUMPABLE, 1)  # readable for the gate, until it has spoken
    listener.install(entry.filters, channel.passing, channel.status)
    return state


def _become_root(plan: BundlePlan) -> None:
    """uid 0 of the user namespace: what is made while setting up belongs to it."""
    try:
        if plan.privileges.groups is not None:
            os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    except OSError:
        if plan.identity != JOINED:  # there, nobody has said whether one is mapped
            raise


def _hold(channel: Channel) -> None:
    """At the gate, then until `start`."""
    os.write(channel.status, protocol.READY + b"\n")
    protocol.expect(channel.go, protocol.GO)
    # The interpreter's memory and files are nobody's business (CVE-2016-9962, CVE-2019-5736).
    prctl(PR_SET_DUMPABLE, 0)
    wipe(*channel.arguments)
    os.close(channel.go)
    os.close(channel.status)
    os.read(channel.start, 1)


def _own_time(plan: BundlePlan) -> None:
    """A time namespace, entered at execve(2) (Linux 6.1; time_namespaces(7))."""
    if "time" not in plan.namespaces:
        return
    unshare(_CLONE_NEWTIME)
    text = "".join(f"{clock} {secs} {nanos}\n" for clock, secs, nanos in plan.time_offsets)
    if text:
        fd = os.open("/proc/self/timens_offsets", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, text.encode())
        os.close(fd)


def _mount_root(origin: int, *, detached: bool) -> int:
    """The root file system, on a private tmpfs that goes with the old root."""
    mount(b"tmpfs", _BASE, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=755,size=64k")
    os.mkdir(_ROOT, 0o755)
    place = os.open(_ROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if detached:
        mount_trees.attach(origin, place)
    else:
        mount(b"/proc/self/fd/%d" % origin, _ROOT, None, MS_BIND | MS_REC)
    os.close(place)
    root = os.open(_ROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    # Nobody inside can make a device node; those that an image brings are dead.
    inside_mounts.set_attributes(os.dup(root), MS_NOSUID | MS_NODEV)
    return root


def _outside_hooks(entry: Entry, channel: Channel) -> bytes:
    if not entry.plan.hooks:
        return b""
    os.write(channel.status, protocol.HOOKS)
    protocol.expect(channel.go, protocol.HOOKED)
    state = protocol.read_to_newline(channel.go)
    hooks.run("createContainer", entry.create_hooks, state)
    return state


def take_terminal(process: Process, console: socket, *, place: str) -> None:
    """A new pty: its master to the engine, its slave as standard streams, and at `place`."""
    master, slave = tty.open_pair()
    os.fchown(slave, process.uid, -1)
    if process.console[0]:
        tty.set_window_size(master, *process.console)
    tty.send_descriptor(console, master)
    os.close(master)
    if place:
        # By descriptor: an image's link under that name leads nowhere (CVE-2025-52565).
        tree = mount_trees.clone_tree(slave, recursive=False)
        target = os.open(place, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        mount_trees.attach(tree, target)
    tty.make_controlling(slave)
    for index in range(3):
        os.dup2(slave, index, inheritable=True)


def become(
    process: Process,
    privileges: Privileges,
    last_capability: int,
    personality: int | None,
    proc: int,
) -> None:
    """Take the limits, the user and the capabilities of `process`; init's and exec's last steps.

    Args:
        proc: the machine's /proc; closed here.
    """
    for name, soft, hard in process.rlimits:
        set_rlimit(name, soft, hard)
    _schedule(process)
    if personality is not None:
        syscall("personality", personality, target="linux.personality")
    os.umask(process.umask if process.umask >= 0 else 0o022)
    sets = {name: capabilities.mask(held) for name, held in privileges.sets}
    prctl(PR_SET_KEEPCAPS, 1)
    capabilities.drop_bounding(sets["bounding"], last_capability)
    if privileges.groups is not None:
        os.setgroups(list(privileges.groups))
    os.setresgid(privileges.gid, privileges.gid, privileges.gid)
    os.setresuid(privileges.uid, privileges.uid, privileges.uid)
    capabilities.set_each(
        sets["effective"], sets["permitted"], sets["inheritable"], sets["ambient"]
    )
    if process.apparmor:
        apparmor.enter_at_execve(proc, process.apparmor)
    os.close(proc)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    init.change_directory(process.cwd)
    landlock.execute_inside_only()


def _schedule(process: Process) -> None:
    if process.scheduler is not None:
        policy, nice, priority, flags, runtime, deadline, period = process.scheduler
        bits = sum(_SCHED_FLAGS[flag] for flag in flags)
        # struct sched_attr { u32 size, policy; u64 flags; s32 nice; u32 priority; u64[3] }
        numbers = ((48, 4), (_POLICIES[policy], 4), (bits, 8), (nice, 4), (priority, 4))
        times = ((runtime, 8), (deadline, 8), (period, 8))
        packed = b"".join(n.to_bytes(s, "little", signed=n < 0) for n, s in (*numbers, *times))
        syscall("sched_setattr", 0, packed, 0, target="process.scheduler")
    if process.io_priority is not None:
        kind, level = process.io_priority
        syscall("ioprio_set", 1, 0, _IO_CLASSES[kind] << 13 | level, target="process.ioPriority")


def close_beyond(preserve: int, keep: tuple[int, ...]) -> None:
    """Close every descriptor but 0 to 2, `preserve` more, and `keep`, which are close-on-exec."""
    # They must not be where `preserve` says that the caller's own are.
    first = 3 + preserve
    for fd in range(3, first):
        if fd in keep:
            raise LaunchError(f"--preserve-fds {preserve}: descriptor {fd} is not open")
        os.set_inheritable(fd, True)
    init.close_all_but(*range(3, first), *keep)


def find_program(process: Process) -> None:
    """That the program can be executed is known before `start` (runtime.md, "create").

    Raises:
        CommandNotFoundError, NotExecutableError: in words that engines look for.
    """
    found = [path for path in _candidates(process) if os.path.exists(path)]
    if not found:
        raise CommandNotFoundError(
            f'exec: "{process.args[0]}": executable file not found in $PATH: '
            "no such file or directory"
        )
    if not any(os.path.isfile(path) and os.access(path, os.X_OK) for path in found):
        raise NotExecutableError(f'exec: "{process.args[0]}": permission denied')


def _candidates(process: Process) -> list[bytes]:
    name = os.fsencode(process.args[0])
    if b"/" in name:
        return [name]
    lines = [line for line in process.env if line.startswith("PATH=")]
    path = os.fsencode(lines[-1][5:]) if lines else b"/usr/bin:/bin"
    return [(part or b".") + b"/" + name for part in path.split(b":")]


def execute(process: Process) -> NoReturn:
    """execve(2) of the program.

    Raises:
        NotExecutableError: the kernel refused.
    """
    signals.set_default(_ALL_SIGNALS)
    signals.set_mask(())
    pairs = (line.partition("=") for line in process.env)
    environment = {os.fsencode(name): os.fsencode(text) for name, _, text in pairs}
    argv = [os.fsencode(part) for part in process.args]
    worst = _ENOENT
    for candidate in _candidates(process):
        try:
            os.execve(candidate, argv, environment)  # noqa: S606 - what a runtime is for
        except OSError as cause:
            if cause.errno not in {_ENOENT, _ENOTDIR}:
                worst = cause.errno or worst
    raise NotExecutableError(f'exec: "{process.args[0]}": {os.strerror(worst).lower()}')
