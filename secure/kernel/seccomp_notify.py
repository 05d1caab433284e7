"""The listener of a seccomp filter: take a call that waits for an answer, and answer it.

Only ever with an errno. Letting the kernel go on with the call (SECCOMP_USER_NOTIF_FLAG_CONTINUE)
would let the caller exchange what its arguments point to after we have looked (TOCTOU).

Source: seccomp_unotify(2); Linux userspace-api/seccomp_filter, "Userspace Notification".
"""

from __future__ import annotations

import errno

from secure.value import value

_RECV, _SEND = 0xC0502100, 0xC0182101
_NOTIF_BYTES, _CALL_AT = 80, 16  # struct seccomp_notif; where its struct seccomp_data begins


@value
class WaitingCall:
    """A call that its filter handed over.

    Args:
        id: the kernel's. call: struct seccomp_data.
    """

    id: bytes
    call: bytes

    @property
    def number(self) -> int:
        """Of the system call, on this machine."""
        return int.from_bytes(self.call[:4], "little")


def receive(listener: int) -> WaitingCall | None:
    """The next call; None if a signal took its caller away or woke us: poll(2) again.

    Waits where there is none: poll(2) first.
    """
    import fcntl

    # The kernel refuses a buffer that is not zero.
    buffer = bytearray(_NOTIF_BYTES)
    try:
        fcntl.ioctl(listener, _RECV, buffer)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EINTR}:
            return None
        raise
    return WaitingCall(bytes(buffer[:8]), bytes(buffer[_CALL_AT:]))


def refuse(listener: int, waiting: WaitingCall, number: int) -> None:
    """Answer with the errno `number`, which is above 0."""
    import fcntl

    # struct seccomp_notif_resp: id, val, error, flags
    response = waiting.id + bytes(8) + (-number).to_bytes(4, "little", signed=True) + bytes(4)
    while True:
        try:
            fcntl.ioctl(listener, _SEND, response)
            return
        except OSError as error:
            if error.errno == errno.ENOENT:  # a signal took the caller away
                return
            if error.errno != errno.EINTR:  # else the caller would wait for ever
                raise
