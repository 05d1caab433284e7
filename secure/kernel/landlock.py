"""Landlock: a process gives up rights that it and its descendants never get back.

Needs no privilege but no_new_privs, and stacks on every other layer. What it does not cover:
chmod, chown, extended attributes, timestamps, and UDP. Mounting is refused from then on.
"""

from __future__ import annotations

import _stat as stat  # its C half, which is in the interpreter
import fcntl

from secure import system as os
from secure.errors import KernelError, MachineError
from secure.kernel.landlock_ruleset import (
    LANDLOCK_ACCESS_FS_EXECUTE,
    LANDLOCK_ACCESS_FS_IOCTL_DEV,
    LANDLOCK_ACCESS_FS_MAKE_BLOCK,
    LANDLOCK_ACCESS_FS_MAKE_CHAR,
    LANDLOCK_ACCESS_FS_MAKE_DIR,
    LANDLOCK_ACCESS_FS_MAKE_FIFO,
    LANDLOCK_ACCESS_FS_MAKE_REG,
    LANDLOCK_ACCESS_FS_MAKE_SOCK,
    LANDLOCK_ACCESS_FS_MAKE_SYM,
    LANDLOCK_ACCESS_FS_READ_DIR,
    LANDLOCK_ACCESS_FS_READ_FILE,
    LANDLOCK_ACCESS_FS_REFER,
    LANDLOCK_ACCESS_FS_REMOVE_DIR,
    LANDLOCK_ACCESS_FS_REMOVE_FILE,
    LANDLOCK_ACCESS_FS_TRUNCATE,
    LANDLOCK_ACCESS_FS_WRITE_FILE,
    LANDLOCK_ACCESS_NET_BIND_TCP,
    LANDLOCK_ACCESS_NET_CONNECT_TCP,
    LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET,
    LANDLOCK_SCOPE_SIGNAL,
    abi,
    known_fs,
    restrict,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["abi", "confine", "execute_inside_only"]

_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE
_CONTENT = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE
_TREE = (
    LANDLOCK_ACCESS_FS_REMOVE_DIR
    | LANDLOCK_ACCESS_FS_REMOVE_FILE
    | LANDLOCK_ACCESS_FS_MAKE_DIR
    | LANDLOCK_ACCESS_FS_MAKE_REG
    | LANDLOCK_ACCESS_FS_MAKE_SOCK
    | LANDLOCK_ACCESS_FS_MAKE_FIFO
    | LANDLOCK_ACCESS_FS_MAKE_SYM
    | LANDLOCK_ACCESS_FS_REFER
)
# Handled and never granted: device nodes are made by the runtime alone.
_NODES = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK
_WRITE = _CONTENT | _TREE | _NODES
# What may be granted on something that is not a directory.
_FILE_RIGHTS = (
    LANDLOCK_ACCESS_FS_EXECUTE
    | LANDLOCK_ACCESS_FS_READ_FILE
    | _CONTENT
    | LANDLOCK_ACCESS_FS_IOCTL_DEV
)


def confine(
    *,
    writable: Sequence[bytes],
    readable: Sequence[bytes] | None = None,
    scope_abstract_unix: bool = True,
    scope_signals: bool = False,
    bind_tcp: Sequence[int] | None = None,
    connect_tcp: Sequence[int] | None = None,
) -> str:
    """Give up everything but the named rights, as far as this kernel's Landlock reaches.

    Files that exist in /dev and /proc stay writable, as programs expect of /dev/null and
    /proc/self; what may be written there is for device nodes, mounts and masks to say. Standard
    streams that are open for writing can be opened again through /dev/stdout.

    Args:
        writable: directories (or single files) beneath which all may be changed.
        readable: beneath which files may be read and executed; with None all may be read, and
            what lies under the root may be executed.
        scope_abstract_unix: no connection to abstract sockets of others.
        scope_signals: no signals to processes outside.
        bind_tcp, connect_tcp: ports; None leaves them free.

    Returns:
        What was applied, in words for the evidence.

    Raises:
        MachineError: this kernel has no Landlock.
        KernelError: a path cannot be opened, or no_new_privs is not set.
    """
    version = abi()
    if not version:
        raise MachineError(
            "this kernel has no Landlock",
            do="Boot with lsm=landlock,… (Linux 5.13 or newer), or do not ask for it.",
        )
    reads = LANDLOCK_ACCESS_FS_EXECUTE if readable is None else _READ
    fs = (_WRITE | LANDLOCK_ACCESS_FS_IOCTL_DEV | reads) & known_fs(version)
    net = _net(version, bind_tcp, connect_tcp)
    scoped = _scopes(version, scope_abstract_unix, scope_signals)
    opened: list[int] = []
    try:
        rules = [
            (fd, _fitting(fd, rights & fs)) for fd, rights in _grants(opened, writable, readable)
        ]
        restrict(rules, fs=fs, net=net, ports=_ports(net, bind_tcp, connect_tcp), scoped=scoped)
    finally:
        for fd in opened:
            os.close(fd)
    words = (*_file_words(version, writable, readable), *_net_words(net, bind_tcp, connect_tcp))
    return f"landlock ABI {version}: " + "; ".join((*words, *_scope_words(scoped)))


def execute_inside_only() -> None:
    """Execute nothing but what lies under the root; nothing without Landlock.

    For containers whose writes are theirs to decide: /proc/self/exe still leads to the interpreter
    of the host (CVE-2019-5736).
    """
    if not abi():
        return
    root = os.open(b"/", os.O_PATH | os.O_CLOEXEC)
    try:
        execute = LANDLOCK_ACCESS_FS_EXECUTE
        restrict([(root, execute)], fs=execute)
    finally:
        os.close(root)


def _grants(
    opened: list[int], writable: Sequence[bytes], readable: Sequence[bytes] | None
) -> Iterator[tuple[int, int]]:
    """(descriptor, rights) of `confine`; descriptors to close are added to `opened`."""

    def reach(path: bytes) -> int:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError as error:
            raise KernelError("open", path, error.errno or 0) from error
        opened.append(fd)
        return fd

    for path in writable:
        yield reach(path), _CONTENT | _TREE | (_READ if readable is not None else 0)
    if readable is None:
        # What lies under no path of this root cannot be executed: /proc/self/exe leads to the
        # interpreter of the host (CVE-2019-5736).
        yield reach(b"/"), LANDLOCK_ACCESS_FS_EXECUTE
    for path in readable or ():
        yield reach(path), _READ
    for path, rights in ((b"/dev", _CONTENT | LANDLOCK_ACCESS_FS_IOCTL_DEV), (b"/proc", _CONTENT)):
        if os.path.isdir(path):
            yield reach(path), rights | (_READ if readable is not None else 0)
    for fd in (0, 1, 2):
        if _open_for_writing(fd):
            yield fd, _CONTENT | LANDLOCK_ACCESS_FS_IOCTL_DEV


def _open_for_writing(fd: int) -> bool:
    """A file or terminal of the caller, handed in for writing; pipes need no rule.

    One that is open for reading only gets no rule: /proc/self/fd must not make it writable.
    """
    try:
        kind = os.fstat(fd).st_mode
        access = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:  # closed
        return False
    return access != os.O_RDONLY and (stat.S_ISREG(kind) or stat.S_ISCHR(kind))


def _fitting(fd: int, rights: int) -> int:
    return rights if stat.S_ISDIR(os.fstat(fd).st_mode) else rights & _FILE_RIGHTS


def _net(version: int, bind: Sequence[int] | None, connect: Sequence[int] | None) -> int:
    if version < 4:
        return 0
    return (0 if bind is None else LANDLOCK_ACCESS_NET_BIND_TCP) | (
        0 if connect is None else LANDLOCK_ACCESS_NET_CONNECT_TCP
    )


def _ports(
    net: int, bind: Sequence[int] | None, connect: Sequence[int] | None
) -> list[tuple[int, int]]:
    if not net:
        return []
    return [(port, LANDLOCK_ACCESS_NET_BIND_TCP) for port in bind or ()] + [
        (port, LANDLOCK_ACCESS_NET_CONNECT_TCP) for port in connect or ()
    ]


def _scopes(version: int, abstract_unix: bool, signals: bool) -> int:
    if version < 6:
        return 0
    return (LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET if abstract_unix else 0) | (
        LANDLOCK_SCOPE_SIGNAL if signals else 0
    )


def _file_words(
    version: int, writable: Sequence[bytes], readable: Sequence[bytes] | None
) -> Iterator[str]:
    yield f"writes only below {_listed(writable)}" if writable else "no writes"
    if readable is None:
        yield "executes only below /"
    else:
        yield f"reads only below {_listed((*writable, *readable))}"
    yield "/dev and /proc as they are"
    if version < 3:
        yield "truncation not covered before ABI 3"
    yield "device ioctl only below /dev" if version >= 5 else "ioctl not covered before ABI 5"


def _net_words(
    net: int, bind: Sequence[int] | None, connect: Sequence[int] | None
) -> Iterator[str]:
    for asked, right, verb in (
        (bind, LANDLOCK_ACCESS_NET_BIND_TCP, "bind"),
        (connect, LANDLOCK_ACCESS_NET_CONNECT_TCP, "connect"),
    ):
        if asked is None:
            continue
        if not net & right:
            yield f"TCP {verb} not covered before ABI 4"
        elif asked:
            yield f"TCP {verb} only to ports " + ", ".join(str(port) for port in asked)
        else:
            yield f"no TCP {verb}"


def _scope_words(scoped: int) -> Iterator[str]:
    if scoped & LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET:
        yield "abstract sockets only of its own"
    if scoped & LANDLOCK_SCOPE_SIGNAL:
        yield "signals only to its own"


def _listed(paths: Sequence[bytes]) -> str:
    return ", ".join(path.decode("utf-8", "backslashreplace") for path in paths)
