"""A descriptor sent to another process over a socket pair (unix(7), SCM_RIGHTS).

By the bare system calls: the module `_socket` would have to be loaded by every launch.
"""

from __future__ import annotations

import errno
from _ctypes import Array, addressof

from secure.errors import KernelError
from secure.kernel.libc import c_long, syscall

_AF_UNIX, _SOCK_STREAM, _SOCK_CLOEXEC = 1, 1, 0o2000000
_MSG_CMSG_CLOEXEC = 0x40000000
_SOL_SOCKET, _SCM_RIGHTS = 1, 1
_MSGHDR, _IOVEC, _CMSG = 0, 7, 9  # where each begins in `_Message`, in words of 8 bytes
_CMSG_BYTES, _CMSG_WORDS = 20, 3
_CONTENT = 12
_HALF = 0xFFFFFFFF


class _Message(Array[c_long]):
    """struct msghdr, the struct iovec and struct cmsghdr that it points to, and one byte."""

    _type_ = c_long
    _length_ = 13


class _Pair(Array[c_long]):
    """int[2], in one word."""

    _type_ = c_long
    _length_ = 1


def socket_pair() -> tuple[int, int]:
    """Two connected stream sockets, close-on-exec."""
    pair = _Pair()
    syscall("socketpair", _AF_UNIX, _SOCK_STREAM | _SOCK_CLOEXEC, 0, pair, target="socket pair")
    return pair[0] & _HALF, pair[0] >> 32 & _HALF


def send(socket: int, byte: bytes, fd: int) -> None:
    """Send one byte, and `fd` with it."""
    message = _message()
    message[_CMSG] = _CMSG_BYTES
    message[_CMSG + 1] = _SOL_SOCKET | _SCM_RIGHTS << 32
    message[_CMSG + 2] = fd
    message[_CONTENT] = byte[0]
    syscall("sendmsg", socket, message, 0, target="descriptor")


def receive(socket: int) -> tuple[bytes, int]:
    """One byte, b"" at the end, and the descriptor that came with it, close-on-exec; -1: none."""
    while True:
        message = _message()
        try:
            got = syscall("recvmsg", socket, message, _MSG_CMSG_CLOEXEC, target="descriptor")
            break
        except KernelError as error:
            if error.number != errno.EINTR:  # a signal with a handler: nothing was taken
                raise
    sent = message[5] >= _CMSG_BYTES and message[_CMSG + 1] == _SOL_SOCKET | _SCM_RIGHTS << 32
    byte = bytes((message[_CONTENT] & 0xFF,)) if got else b""
    return byte, message[_CMSG + 2] & _HALF if sent else -1


def _message() -> _Message:
    message = _Message()
    start = addressof(message)
    # msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags
    message[2], message[3] = start + _IOVEC * 8, 1
    message[4], message[5] = start + _CMSG * 8, _CMSG_WORDS * 8
    message[_IOVEC], message[_IOVEC + 1] = start + _CONTENT * 8, 1
    return message
