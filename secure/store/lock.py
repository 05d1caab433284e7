"""One writer at a time, by flock(2): released by the kernel whatever happens to the holder."""

from __future__ import annotations

import fcntl
import time

from secure import system as os
from secure.errors import MachineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Lock:
    """An exclusive lock on a file, for a `with` block.

    Args:
        path: the lock file; made if missing, never removed (removing it would race).
        timeout_s: how long to wait for another holder.

    Raises:
        MachineError: on entry, when the lock is still held after `timeout_s`.
    """

    def __init__(self, path: str, timeout_s: float = 30.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._fd = -1

    def __enter__(self) -> Self:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as cause:
            raise MachineError(f'cannot open lock "{self._path}": {cause.strerror}') from cause
        deadline = time.monotonic() + self._timeout_s
        while not self._try():
            if time.monotonic() > deadline:
                os.close(self._fd)
                raise MachineError(
                    f'"{self._path}" is still locked after {self._timeout_s:g} s',
                    do="Wait for the other secure process, or end it.",
                )
            time.sleep(0.01)
        return self

    def _try(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)
