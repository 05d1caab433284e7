"""The one thing a container without a network needs: its loopback interface, up."""

from __future__ import annotations

from secure import system as os
from secure.kernel.libc import syscall

_AF_INET, _SOCK_DGRAM, _SOCK_CLOEXEC = 2, 2, 0o2000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41


def loopback_up() -> None:
    """netdevice(7), SIOCSIFFLAGS on `lo` of the calling thread's network namespace."""
    fd = syscall("socket", _AF_INET, _SOCK_DGRAM | _SOCK_CLOEXEC, 0, target="AF_INET")
    try:
        # struct ifreq: 16 bytes of name, then the flags
        request = b"lo".ljust(16, b"\0") + _IFF_UP_RUNNING.to_bytes(2, "little") + bytes(22)
        syscall("ioctl", fd, _SIOCSIFFLAGS, request, target="lo")
    finally:
        os.close(fd)
