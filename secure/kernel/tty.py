"""Terminals: a pty pair of the container's own devpts, raw mode, window size."""

from __future__ import annotations

import os

from secure.kernel.libc import syscall

_TIOCSPTLCK = 0x40045431
_TIOCGPTN = 0x80045430
_TIOCSCTTY = 0x540E
_TIOCGWINSZ = 0x5413
_TIOCSWINSZ = 0x5414


def open_master(ptmx: str) -> tuple[int, int]:
    """Open a new pty on the devpts that holds `ptmx`; returns (descriptor, number in /dev/pts)."""
    fd = os.open(ptmx, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        syscall("ioctl", fd, _TIOCSPTLCK, bytes(4), target=ptmx)
        number = bytearray(4)
        _ioctl_out(fd, _TIOCGPTN, number)
    except BaseException:
        os.close(fd)
        raise
    return fd, int.from_bytes(number, "little")


def make_controlling(fd: int) -> None:
    """Make `fd` the controlling terminal of the calling session leader."""
    syscall("ioctl", fd, _TIOCSCTTY, 0, target="terminal")


def copy_window_size(source: int, target: int) -> None:
    """Give `target` the rows and columns of the terminal `source`."""
    size = bytearray(8)  # struct winsize: rows, columns, pixels
    _ioctl_out(source, _TIOCGWINSZ, size)
    syscall("ioctl", target, _TIOCSWINSZ, bytes(size), target="terminal")


def _ioctl_out(fd: int, request: int, out: bytearray) -> None:
    # fcntl is a C module and takes writable buffers.
    import fcntl

    fcntl.ioctl(fd, request, out)
