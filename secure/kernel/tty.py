"""Terminals: a pty pair of the container's own devpts, handed over a socket; window size."""

from __future__ import annotations

import sys

from secure import system as os
from secure.kernel.libc import syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket

_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430
_TIOCSCTTY = 0x540E
_TIOCGWINSZ = 0x5413
_TIOCSWINSZ = 0x5414


def open_pair() -> tuple[int, int]:
    """A new pty on the devpts at /dev/pts: master and slave. The caller's user owns the slave."""
    ptmx = "/dev/pts/ptmx"
    master = os.open(ptmx, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    syscall("ioctl", master, _TIOCSPTLCK, bytes(4), target=ptmx)
    number = bytearray(4)
    _ioctl_out(master, _TIOCGPTN, number)
    path = f"/dev/pts/{int.from_bytes(number, 'little')}"
    return master, os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def descriptor_channel() -> tuple[socket, socket]:
    """Two ends over which a descriptor can be sent.

    Imports all that sending takes: in init nothing can be imported any more. The package `socket`
    would cost ten times as much as the C module under it.
    """
    import _socket
    import fcntl as _loaded  # noqa: F401 - for `_ioctl_out`

    return _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)


def send_descriptor(channel: socket, fd: int) -> None:
    """unix(7), SCM_RIGHTS."""
    import _socket

    content = fd.to_bytes(4, sys.byteorder)
    channel.sendmsg([b"d"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, content)])


def receive_descriptor(channel: socket) -> int:
    """The descriptor that was sent, close-on-exec; -1 if the other end is gone."""
    import _socket

    _, ancillary, _, _ = channel.recvmsg(1, _socket.CMSG_LEN(4), _socket.MSG_CMSG_CLOEXEC)
    for level, kind, content in ancillary:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS) and len(content) == 4:
            return int.from_bytes(content, sys.byteorder)
    return -1


def make_controlling(fd: int) -> None:
    """Make `fd` the controlling terminal of the calling session leader."""
    syscall("ioctl", fd, _TIOCSCTTY, 0, target="terminal")


def copy_window_size(source: int, target: int) -> None:
    """Give `target` the rows and columns of the terminal `source`."""
    size = bytearray(8)  # struct winsize: rows, columns, pixels
    _ioctl_out(source, _TIOCGWINSZ, size)
    syscall("ioctl", target, _TIOCSWINSZ, bytes(size), target="terminal")


def set_window_size(fd: int, rows: int, columns: int) -> None:
    """Give a terminal its size."""
    size = b"".join(min(n, 0xFFFF).to_bytes(2, sys.byteorder) for n in (rows, columns, 0, 0))
    syscall("ioctl", fd, _TIOCSWINSZ, size, target="terminal")


def _ioctl_out(fd: int, request: int, out: bytearray) -> None:
    # fcntl is a C module and takes writable buffers.
    import fcntl

    fcntl.ioctl(fd, request, out)
